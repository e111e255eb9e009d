/** Where a block of Lua ends (ngx_lua: `*_by_lua_block { … }`): at its brace, outside of strings, long brackets and comments. */

/** Index of the brace that closes the block whose text begins at `from`; undefined if there is none. */
export function luaEnd(text: string, from: number): number | undefined {
  let depth = 1;
  const token = /--|\[=*\[|["'{}]/g;
  for (token.lastIndex = from; ;) {
    const found = token.exec(text);
    if (found === null) return undefined;
    const [one] = found;
    if (one === '{') depth += 1;
    else if (one === '}') {
      depth -= 1;
      if (depth === 0) return found.index;
    } else {
      const end = one === '--' ? commentEnd(text, token.lastIndex) : stringEnd(text, one, token.lastIndex);
      if (end === undefined) return undefined;
      token.lastIndex = end;
    }
  }
}

/** Of `--[[ … ]]`, or the end of the line. */
function commentEnd(text: string, at: number): number | undefined {
  const long = /\[=*\[/y;
  long.lastIndex = at;
  const [opened] = long.exec(text) ?? [];
  if (opened !== undefined) return stringEnd(text, opened, at + opened.length);
  const end = text.indexOf('\n', at);
  return end < 0 ? undefined : end;
}

/** Of a string that a quote or a long bracket opened. */
function stringEnd(text: string, opened: string, at: number): number | undefined {
  if (opened.startsWith('[')) {
    const close = opened.replaceAll('[', ']');
    const end = text.indexOf(close, at);
    return end < 0 ? undefined : end + close.length;
  }
  for (let i = at; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === opened) return i + 1;
  }
  return undefined;
}
