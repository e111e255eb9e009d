/** Texts that people copy or save: keys, policies, commands. Any `pre.copied` gets the buttons. */

/** Adds "Copy" and "Save" to each text below an element. */
export function addButtons(within: ParentNode): void {
  for (const pre of within.querySelectorAll<HTMLPreElement>('pre.copied')) {
    const bar = document.createElement('p');
    bar.className = 'buttons';
    const said = document.createElement('span');
    said.setAttribute('role', 'status');
    bar.append(copyButton(pre, said), saveButton(pre), said);
    pre.after(bar);
  }
}

function copyButton(pre: HTMLPreElement, said: HTMLElement): HTMLButtonElement {
  return button('Copy', () => {
    const text = pre.textContent ?? '';
    copyText(text, pre).then(
      () => (said.textContent = 'Copied.'),
      () => (said.textContent = 'This browser does not let a page copy; the text is selected.'),
    );
  });
}

/** On a page that came over plain HTTP from elsewhere than this machine, browsers have no clipboard: the text is then selected. */
async function copyText(text: string, pre: HTMLPreElement): Promise<void> {
  getSelection()?.selectAllChildren(pre);
  await navigator.clipboard.writeText(text);
}

function saveButton(pre: HTMLPreElement): HTMLButtonElement {
  return button('Save', () => saveText(pre.dataset['file'] ?? 'text.txt', pre.textContent ?? ''));
}

/** Saves a text as a file. */
export function saveText(name: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

function button(text: string, press: () => void): HTMLButtonElement {
  const made = document.createElement('button');
  made.type = 'button';
  made.textContent = text;
  made.addEventListener('click', press);
  return made;
}
