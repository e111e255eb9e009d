/**
 * cbor-x for browsers: without `new Function`, which the pages' policy forbids and browsers report. Its own build without it
 * is CommonJS, and differs in the same two places.
 */

const TRIED = /^try \{\n\tnew Function\(''\)\n\} catch\(error\) \{/m;
const COMPILED = /this\.slowReads\+\+ >= inlineObjectReadThreshold/;

/** The decoder, which reads each object slowly. Throws if it is not laid out as it was. */
export function leanCborX(code: string): string {
  if (!TRIED.test(code) || !COMPILED.test(code)) throw new Error('cbor-x is not laid out as it was');
  return code.replace(TRIED, 'try {\n\tthrow 0\n} catch(error) {').replace(COMPILED, 'false');
}
