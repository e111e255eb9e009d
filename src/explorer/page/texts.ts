/** Texts that people copy or save: keys, policies, commands. Any `pre.copied` gets the buttons. */

/** Adds "Copy" and "Save" to each text below an element. */
export function addButtons(within: ParentNode): void {
  for (const pre of within.querySelectorAll<HTMLPreElement>('pre.copied')) {
    const bar = document.createElement('p');
    bar.className = 'buttons';
    const said = document.createElement('span');
    said.setAttribute('role', 'status');
    const copy = (): void => void copyFrom(pre).then((words) => (said.textContent = words));
    const save = (): void => saveFile(pre.dataset['file'] ?? 'text.txt', 'text/plain', pre.textContent ?? '');
    bar.append(button('Copy', copy), button('Save', save), said);
    pre.after(bar);
  }
}

/**
 * Copies a text that an element shows. Where the browser refuses it (on a page that came over plain HTTP from another machine there is no
 * clipboard), the text is selected. Resolves to what the reader is told.
 */
export async function copyFrom(element: HTMLElement, text = element.textContent ?? ''): Promise<string> {
  try {
    await navigator.clipboard.writeText(text);
    return 'Copied.';
  } catch {
    getSelection()?.selectAllChildren(element);
    return 'This browser lets no page copy. The text is selected: copy it with the keyboard or the menu.';
  }
}

/** Gives a file to the reader. */
export function saveFile(name: string, type: string, text: string | Uint8Array<ArrayBuffer>): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

function button(text: string, press: () => void): HTMLButtonElement {
  const made = document.createElement('button');
  made.type = 'button';
  made.textContent = text;
  made.addEventListener('click', press);
  return made;
}
