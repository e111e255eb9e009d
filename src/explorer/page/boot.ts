/**
 * Starts the app in the document that the server sent. It replaces the facts in the server's words, but for what a server says of
 * itself (`#about`): that stays below the view, and alone on the home page of a server that is no log.
 */
import { render } from 'preact';
import { ABOUT_ID, APP_ID, BOOT_ATTRIBUTE, parseBoot, SOURCE_ID } from '../shared/boot.ts';
import { sessionOf } from './state/session.ts';
import { navigation, placeIn, shown } from './router.ts';
import { addButtons } from './texts.ts';

function start(root: HTMLElement): void {
  const boot = parseBoot(root.getAttribute(BOOT_ATTRIBUTE) ?? '');
  const about = document.getElementById(ABOUT_ID);
  const source = document.getElementById(SOURCE_ID);
  if (source !== null) source.textContent = location.origin;
  addButtons(root);
  const place = placeIn(boot, location.pathname);
  if (place === undefined || boot.site === null) return; // The facts stay.
  // It reads and verifies while the page is drawn.
  sessionOf(boot);
  const nav = document.querySelector('nav');
  if (nav !== null) {
    nav.replaceChildren();
    render(navigation(boot, place), nav);
  }
  const view = document.createElement('div');
  view.className = `view view-${place.kind}`;
  root.replaceChildren(view, ...(about === null ? [] : [aside(about)]));
  render(shown(boot, place), view);
}

/** What the server says of itself, below what this browser verified, and marked. */
function aside(about: HTMLElement): HTMLElement {
  const part = document.createElement('aside');
  part.className = 'hearsay';
  part.setAttribute('aria-label', 'The words of the server');
  const mark = document.createElement('p');
  mark.className = 'unverified';
  mark.textContent = "Not verified: what follows is the server's word about itself.";
  about.querySelector('#about-title')?.replaceWith(heading(about));
  part.append(mark, about);
  return part;
}

/** The page has one first heading: the view's. */
function heading(about: HTMLElement): HTMLElement {
  const title = document.createElement('h2');
  title.id = about.getAttribute('aria-labelledby') ?? '';
  title.textContent = 'About this server';
  return title;
}

const root = document.getElementById(APP_ID);
if (root !== null) start(root);
