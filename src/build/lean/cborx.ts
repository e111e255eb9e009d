/**
 * cbor-x for browsers: without `new Function`, which the pages' policy forbids and browsers report, and without what it makes of
 * tags: a scan before it refuses every tag but 18 (src/bytes/cbor-scan.ts), of which it makes nothing but a `Tag`.
 */

const TRIED = /^try \{\n\tnew Function\(''\)\n\} catch\(error\) \{/m;
/** Records, shared structures and extensions, in the place where a tag is read. */
const TAGGED = /(?<=^\t\tcase 6: .*\n)(?:.*\n)*?\t\t\t\treturn new Tag\(input, token\)\n\t\t\t\}\n/m;
/** What extensions do, up to the last of them. */
const EXTENSIONS = /^currentExtensions\[0\] = (?:.*\n)*?(?=^function readJustLength\(\))/m;
/** What scans for extensions. */
const SCANNED = /^const builtinScanTags = .*$/m;

/** The decoder without it. Throws if it is not laid out as it was. */
export function leanCborX(code: string): string {
  const parts = [TRIED, TAGGED, EXTENSIONS, SCANNED];
  if (parts.some((each) => !each.test(code))) throw new Error('cbor-x is not laid out as it was');
  return code
    .replace(TRIED, 'try {\n\tthrow 0\n} catch(error) {')
    .replace(TAGGED, '\t\t\treturn new Tag(read(), token)\n')
    .replace(EXTENSIONS, '')
    .replace(SCANNED, 'const builtinScanTags = new Map()');
}
