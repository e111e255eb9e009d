/** Signatures on which strict verifiers of Ed25519 are known to differ: points of small order, other spellings, S too large. */
import { etc, hash, Point } from '@noble/ed25519';
import { getPublicKey } from '#src/sign/noble-ed25519.ts';

export interface Edge {
  readonly name: string;
  /** Hex. */
  readonly key: string;
  readonly message: string;
  readonly signature: string;
}

getPublicKey(new Uint8Array(32)); // sets the package's hash

/** A point of order 8, the order of the prime-order group, and the prime of the field (RFC 8032 §5.1). */
const TORSION = Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05');
const ORDER = Point.CURVE().n;
const P = Point.CURVE().p;
const [A, R] = [123_456_789n, 987_654_321n];
const EIGHT = [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n];
export const MESSAGE = 'tally';
const message = new TextEncoder().encode(MESSAGE);

const littleEndian = (n: bigint): Uint8Array =>
  Uint8Array.fromHex(n.toString(16).padStart(64, '0')).toReversed();
const times = (n: bigint): Point => (n === 0n ? Point.ZERO : TORSION.multiply(n));

/** S of a signature whose R and key are whatever bytes: r + k·a (RFC 8032 §5.1.6). */
function signed(key: Uint8Array, R: Uint8Array, r: bigint, a: bigint): Uint8Array {
  const k = hash(etc.concatBytes(R, key, message))
    .toReversed()
    .toHex();
  return etc.concatBytes(R, littleEndian(etc.mod(r + BigInt(`0x${k}`) * a, ORDER)));
}

/** Every spelling of the points of small order: y or y + p, the sign of x = 0 either way. */
function smallPoints(): readonly Uint8Array[] {
  return EIGHT.flatMap((n) => {
    const { y } = times(n).toAffine();
    const sign = times(n).toBytes().at(-1) ?? 0;
    const ys = y + P < 2n ** 255n ? [y, y + P] : [y];
    const signs = n === 0n || n === 4n ? [0, 128] : [sign & 128];
    return ys.flatMap((each) => signs.map((bit) => littleEndian(each + (BigInt(bit) << 248n))));
  });
}

/** A good signature by a strong key. */
export function goodEdge(): Edge {
  const key = Point.BASE.multiply(A).toBytes();
  return edge('good', key, signed(key, Point.BASE.multiply(R).toBytes(), R, A));
}

/** Bad signatures by a strong key; each part of small order in R by its name. */
export function badEdges(): readonly Edge[] {
  const key = Point.BASE.multiply(A).toBytes();
  const base = Point.BASE.multiply(R);
  const good = signed(key, base.toBytes(), R, A);
  const S = BigInt(`0x${good.slice(32).toReversed().toHex()}`);
  const withS = (s: bigint): Uint8Array => etc.concatBytes(good.slice(0, 32), littleEndian(s));
  return [
    ...EIGHT.slice(1).map((n) =>
      edge(`R with a part of small order, ${n}`, key, signed(key, base.add(times(n)).toBytes(), R, A)),
    ),
    ...smallPoints().map((point) =>
      edge(`R of small order, ${point.toHex()}`, key, signed(key, point, 0n, A)),
    ),
    ...[S + ORDER, S + 2n * ORDER, ORDER, 0n].map((s, i) => edge(`another S, ${i}`, key, withS(s))),
    edge('another message', key, signed(key, base.toBytes(), R, A + 1n)),
  ];
}

/** By weak keys: of small order in each spelling, with an S and an R that anybody can make; and with a part of small order. */
export function weakEdges(): readonly Edge[] {
  const small = smallPoints();
  const nobody = small.flatMap((key) =>
    small.map((R) => edge('key of small order', key, signed(key, R, 0n, 0n))),
  );
  const mixed = EIGHT.slice(1).flatMap((n) => {
    const key = Point.BASE.multiply(A).add(times(n)).toBytes();
    return EIGHT.map((m) =>
      edge(
        'key with a part of small order',
        key,
        signed(key, Point.BASE.multiply(R).add(times(m)).toBytes(), R, A),
      ),
    );
  });
  return [...nobody, ...mixed];
}

function edge(name: string, key: Uint8Array, signature: Uint8Array): Edge {
  return { name, key: key.toHex(), message: MESSAGE, signature: signature.toHex() };
}
