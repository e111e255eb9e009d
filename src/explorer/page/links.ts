/** Links to places of the site that is shown, and its URL. */
import type { Boot } from '../shared/boot.ts';
import { pathOf, type Place } from '../shared/place.ts';

/** The link to a place of the site that is shown. */
export function linkTo(boot: Boot, place: Place): string {
  return (boot.site?.base ?? '') + pathOf(place);
}

/** The URL of the log, as a command takes it. */
export function logUrl(boot: Boot): string {
  return new URL(boot.site?.base ?? '', location.origin).href.replace(/\/$/, '');
}
