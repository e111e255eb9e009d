/**
 * Reads one record of a CloudTrail log file as a rotation of a KMS key (AWS KMS Developer Guide, "RotateKey"): AWS itself writes such
 * an event when the key material was rotated, be it by the schedule or on demand. A call that only asks for a rotation is none.
 */
import { fieldsAt, isFields, listAt, textAt, type Fields } from '../iam/fields.ts';

/** A key, as its ARN names it. */
export interface KmsKey {
  readonly arn: string;
  readonly region: string;
  readonly account: string;
}

const KEY = /^arn:aws[a-z-]{0,20}:kms:([a-z]{2}[a-z0-9-]{1,30}):(\d{12}):key\/[A-Za-z0-9-]{1,64}$/;

/** Undefined for what is no ARN of a key. */
export function kmsKeyOf(arn: string): KmsKey | undefined {
  const [, region, account] = KEY.exec(arn) ?? [];
  return region === undefined || account === undefined ? undefined : { arn, region, account };
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

/** When the record says that the key was rotated, POSIX seconds; undefined for every other record. */
export function rotationOf(record: Fields, key: KmsKey): number | undefined {
  const says = (name: string, ...path: readonly string[]): boolean => textAt(record, ...path) === name;
  const isRotation =
    says('kms.amazonaws.com', 'eventSource') &&
    says('RotateKey', 'eventName') &&
    says('AwsServiceEvent', 'eventType') &&
    says(key.region, 'awsRegion') &&
    says(key.account, 'recipientAccountId');
  if (!isRotation || record['errorCode'] !== undefined || record['errorMessage'] !== undefined)
    return undefined;
  const named = listAt(record, 'resources').map((each) => (isFields(each) ? textAt(each, 'ARN') : undefined));
  if (named.length === 0 || named.some((each) => each !== key.arn)) return undefined;
  const id = textAt(fieldsAt(record, 'serviceEventDetails') ?? {}, 'keyId');
  if (id !== undefined && id !== key.arn && !key.arn.endsWith(`:key/${id}`)) return undefined;
  const at = textAt(record, 'eventTime') ?? '';
  const ms = TIME.test(at) ? Date.parse(at) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms / 1_000;
}
