/** Starts the app in the document that the server sent: it replaces the facts in the server's words. */
import { render } from 'preact';
import { APP_ID, BOOT_ATTRIBUTE, parseBoot } from '../shared/boot.ts';
import { html } from './html.ts';
import { navigation, placeIn, shown } from './router.ts';

function start(root: HTMLElement): void {
  const boot = parseBoot(root.getAttribute(BOOT_ATTRIBUTE) ?? '');
  const place = placeIn(boot, location.pathname);
  if (place === undefined) return; // The facts stay.
  const nav = document.querySelector('nav');
  if (nav !== null) {
    nav.replaceChildren();
    render(navigation(boot, place), nav);
  }
  root.replaceChildren();
  render(html`<div class=${`view view-${place.kind}`}>${shown(boot, place)}</div>`, root);
}

const root = document.getElementById(APP_ID);
if (root !== null) start(root);
