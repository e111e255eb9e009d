/**
 * The curves and ML-DSA of @noble for browsers, which check signatures and make none: without keys, signing, recovery and DER, and
 * without tables for many products of one point. What checks a signature is as it was.
 */
import { withoutParts } from './methods.ts';

interface Lean {
  /** Functions of the module, and what goes out of the objects and classes in them. */
  readonly drop: Readonly<Record<string, string>>;
  /** Texts of the module, each of which is there once, and what stands there instead. */
  readonly edits: readonly (readonly [text: string, instead: string])[];
}

/** Tables for multiplying a point by secrets, blinded. */
const TABLES = [
  ['const wnaf = new ScalarMultiplier(Point, randomBytes);', ''],
  [
    `if (wnaf.bits >= 6)
        Point.BASE.precompute(6);`,
    '',
  ],
] as const;

const WEIERSTRASS: Lean = {
  drop: {
    weierstrass: 'multiply multiplyUnsafe precompute toString',
    ecdsa:
      'keygen getPublicKey getSharedSecret utils lengths sign recoverPublicKey Signature hash toBytes toHex fromHex assertRecovery addRecoveryBit',
  },
  edits: [
    ...TABLES,
    // None of our curves has a cofactor.
    ['return wnaf.mulUnsafe(this, CURVE_ORDER).is0();', "throw new Error('not in this build');"],
    [
      'const { keygen, getPublicKey, getSharedSecret, utils, lengths } = ecdh(Point, opts);',
      'const lengths = getWLengths(Fp, Fn);',
    ],
    ['const blindLength = getMinHashLength(CURVE_ORDER);', ''],
    ['const csprng = probeRandomBytes(randomBytes, blindLength);', ''],
    [
      "throw new DER.Err('invalid signature: DER signature too long');",
      "throw new Error('not in this build');",
    ],
    [
      `const { r, s } = DER.toSig(abytes(bytes), Fn.BYTES + 1);
                return new Signature(r, s);`,
      "throw new Error('not in this build');",
    ],
  ],
};

const EDWARDS: Lean = {
  drop: {
    edwards: 'multiply precompute isTorsionFree toString',
    eddsa: 'keygen getPublicKey sign utils lengths',
  },
  edits: [
    ...TABLES,
    ['return wnaf.mulUnsafe(this, scalar, normalize);', 'return mulAddUnsafe(Point, [this], [scalar]);'],
    ['createKeygen, normalizeZ, ScalarMultiplier,', 'mulAddUnsafe,'],
  ],
};

const ML_DSA: Lean = {
  drop: { getDilithium: 'keygen getPublicKey sign prehash lengths' },
  edits: [],
};

/** Square roots modulo a prime that is 3 modulo 4, as those of all our curves are. */
const MODULAR: Lean = {
  drop: {},
  edits: ['sqrt5mod8', 'sqrt9mod16(P)', 'tonelliShanks(P)'].map(
    (root) => [`return ${root};`, "throw new Error('not in this build');"] as const,
  ),
};

/** Modules by the end of their path. Each throws if its module is not laid out as it was. */
export const LEAN_NOBLE: readonly (readonly [path: string, lean: (code: string) => string])[] = [
  ['/@noble/curves/abstract/weierstrass.js', (code) => lean(code, WEIERSTRASS)],
  ['/@noble/curves/abstract/edwards.js', (code) => lean(code, EDWARDS)],
  ['/@noble/curves/abstract/modular.js', (code) => lean(code, MODULAR)],
  ['/@noble/post-quantum/ml-dsa.js', (code) => lean(code, ML_DSA)],
];

function lean(code: string, { drop, edits }: Lean): string {
  let left = code;
  for (const [within, names] of Object.entries(drop)) left = withoutParts(left, within, names.split(' '));
  for (const [text, instead] of edits) {
    if (left.split(text).length !== 2) throw new Error(`@noble is not laid out as it was: ${text}`);
    left = left.replace(text, () => instead);
  }
  return left;
}
