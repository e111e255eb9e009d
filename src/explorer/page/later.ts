/** Views that a first visit does not need: their code is loaded when they are shown. */
import type { ComponentType, VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { PlaceKind } from '../shared/place.ts';
import { html } from './html.ts';
import type { ViewProps } from './view.ts';

type View<Kind extends PlaceKind> = ComponentType<ViewProps<Kind>>;

/** A view that loads another, and says so if it cannot be loaded. */
export function later<Kind extends PlaceKind>(load: () => Promise<View<Kind>>): View<Kind> {
  return (props: ViewProps<Kind>): VNode | undefined => {
    const [loaded, setLoaded] = useState<{ readonly view: View<Kind> } | 'failed' | undefined>(undefined);
    useEffect(() => {
      load().then(
        (view) => setLoaded({ view }),
        () => setLoaded('failed'),
      );
    }, []);
    if (loaded === 'failed')
      return html`<p role="alert">A part of this page could not be loaded. Load the page again.</p>`;
    return loaded && html`<${loaded.view} ...${props} />`;
  };
}
