/** What the router gives to each view. */
import type { VNode } from 'preact';
import type { Boot } from '../shared/boot.ts';
import type { Place, PlaceKind } from '../shared/place.ts';

export interface ViewProps<Kind extends PlaceKind = PlaceKind> {
  /** Where the page is, as its URL says. */
  readonly place: Extract<Place, { readonly kind: Kind }>;
  readonly boot: Boot;
}

/** A page's component. */
export type View<Kind extends PlaceKind = PlaceKind> = (props: ViewProps<Kind>) => VNode;
