/**
 * Values that mean the same to Kubernetes, for comparison only: quantities (`1000m` and `1`), and numbers where an integer or
 * a text may stand. Only at the places of built-in kinds that hold these: a label `port: "080"` or a ConfigMap's `1000m` is a
 * text, and another text than `80` or `1`. A place is told by the members above it, since labels, selectors and
 * options are maps of free names one level deep.
 */
import { isMap, type Value } from '../../claim/value.ts';

/** Places of an integer or a text (k8s.io/api v0.36, intstr.IntOrString), by kind; in a PodSpec, of any kind. */
const WHOLES: Readonly<Record<string, RegExp>> = {
  Service: /^\/spec\/ports\/[^/]+\/(?:targetPort|port)$/,
  Ingress: /\/backend\/service\/port\/number$/,
  NetworkPolicy: /^\/spec\/(?:ingress|egress)\/[^/]+\/ports\/[^/]+\/port$/,
  PodDisruptionBudget: /^\/spec\/(?:minAvailable|maxUnavailable)$/,
};
const WHOLES_OF_PODS =
  /\/(?:httpGet|tcpSocket)\/port$|^\/spec\/(?:strategy|updateStrategy)\/rollingUpdate\/(?:maxUnavailable|maxSurge)$/;
/** Places of quantities. */
const QUANTITIES: Readonly<Record<string, RegExp>> = {
  HorizontalPodAutoscaler: /\/target\/(?:averageValue|value)$/,
  LimitRange: /^\/spec\/limits\/[^/]+\/(?:min|max|default|defaultRequest|maxLimitRequestRatio)\/[^/]+$/,
  ResourceQuota: /^\/spec\/hard\/[^/]+$/,
  PersistentVolume: /^\/spec\/capacity\/[^/]+$/,
  RuntimeClass: /^\/overhead\/podFixed\/[^/]+$/,
};
const QUANTITIES_OF_PODS =
  /\/resources\/(?:limits|requests)\/[^/]+$|\/spec\/overhead\/[^/]+$|\/emptyDir\/sizeLimit$|\/resourceFieldRef\/divisor$/;
const BUILT_IN =
  /^(?:v1|(?:apps|batch|autoscaling|policy|networking\.k8s\.io|node\.k8s\.io)\/v[0-9][0-9a-z]*)$/;
/** Maps at the top of an object in which names are free. */
const FREE = /^\/(?:metadata|data|binaryData|stringData)\//;

/** Whether a declared and a live value at a path within an object mean the same. */
export function meansSame(apiVersion: string, kind: string, path: string, a: Value, b: Value): boolean {
  if (!BUILT_IN.test(apiVersion) || FREE.test(path)) return false;
  const isAt = (places: Readonly<Record<string, RegExp>>, ofPods: RegExp): boolean =>
    ofPods.test(path) || (Object.hasOwn(places, kind) && places[kind]?.test(path) === true);
  const read = isAt(QUANTITIES, QUANTITIES_OF_PODS)
    ? quantityOf
    : isAt(WHOLES, WHOLES_OF_PODS)
      ? wholeOf
      : undefined;
  const one = read?.(a);
  return one !== undefined && one === read?.(b);
}

const SUFFIXES: Readonly<Record<string, readonly [base: bigint, power: number]>> = {
  n: [10n, -9],
  u: [10n, -6],
  m: [10n, -3],
  '': [10n, 0],
  k: [10n, 3],
  M: [10n, 6],
  G: [10n, 9],
  T: [10n, 12],
  P: [10n, 15],
  E: [10n, 18],
  Ki: [2n, 10],
  Mi: [2n, 20],
  Gi: [2n, 30],
  Ti: [2n, 40],
  Pi: [2n, 50],
  Ei: [2n, 60],
};
/** Units of the last place that is compared: 10^-27, so that nine decimals of a nano are exact. */
const PLACES = 27;

/** A quantity as a count of 10^-27 (k8s.io/apimachinery, resource.Quantity); undefined for what is none, or has more places. */
function quantityOf(value: Value): bigint | undefined {
  const number = isMap(value) ? value['number'] : undefined;
  const text = typeof value === 'number' ? String(value) : (number ?? value);
  if (typeof text !== 'string' || text.length > 40) return undefined;
  const [, sign, whole = '', fraction = '', suffix = '', exponent] =
    /^([+-]?)([0-9]*)(?:\.([0-9]*))?(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?[0-9]{1,2}))?$/.exec(text) ?? [];
  if (whole + fraction === '') return undefined;
  const scale = SUFFIXES[suffix];
  if (scale === undefined) return undefined;
  const [base, power] = exponent === undefined ? scale : ([10n, Number(exponent)] as const);
  let places = PLACES - fraction.length + (base === 10n ? power : 0);
  let digits = BigInt(whole + fraction) * (base === 2n ? 2n ** BigInt(power) : 1n);
  for (; places < 0; places++) {
    if (digits % 10n !== 0n) return undefined;
    digits /= 10n;
  }
  const size = digits * 10n ** BigInt(places);
  return sign === '-' ? -size : size;
}

function wholeOf(value: Value): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^(?:0|[1-9][0-9]{0,4})$/.test(value) ? Number(value) : undefined;
}
