/** SCRAPI's routes for the API description. */
import { Type } from 'typebox';
import { CBOR, CBOR_SEQUENCE, RECEIPT_TYPES, STATEMENT_TYPES } from '../web/media.ts';
import { PREFERENCE_APPLIED } from './prefer.ts';
import { bytesOf, failures, nothing, TAGS } from '../web/schemas.ts';

const tags = [TAGS.scrapi];
const location = { Location: { type: 'string', description: 'Where the receipt is, now and later' } };
const retryAfter = { 'Retry-After': { type: 'integer', description: 'Seconds to wait before asking again' } };

export const entryParams = Type.Object({
  id: Type.String({ description: 'Entry id: lower-case hex SHA-256 of the entry' }),
});

const kidParams = Type.Object({
  kid: Type.String({ description: 'Key id in unpadded base64url, or as it is when it fits a path segment' }),
});

export const submissionSchema = {
  tags,
  summary: 'Log a statement, or many',
  description:
    'A COSE_Sign1 statement is answered with its receipt once it is durable and in the tree. A CBOR sequence of statements is answered with a sequence of maps, one each and in order: status, entry (32 bytes), index and receipt; or status, code, -1 (title) and -2 (detail). Posting a statement again answers the same entry with a fresh receipt. With Prefer: wait=N the answer waits for the receipt.',
  body: bytesOf([...STATEMENT_TYPES, CBOR_SEQUENCE], 'A statement, or a sequence of statements'),
  response: {
    200: {
      ...bytesOf(CBOR_SEQUENCE, 'One result for each statement of a sequence'),
      headers: PREFERENCE_APPLIED,
    },
    201: {
      ...bytesOf(RECEIPT_TYPES, 'Logged; the receipt (RFC 9942)'),
      headers: { ...location, ...PREFERENCE_APPLIED },
    },
    202: {
      ...nothing('Logged; the receipt waits for witnesses'),
      headers: { ...location, ...retryAfter, ...PREFERENCE_APPLIED },
    },
    ...failures,
  },
};

export const receiptSchema = {
  tags,
  summary: 'A fresh receipt of an entry',
  params: entryParams,
  response: {
    200: {
      ...bytesOf(RECEIPT_TYPES, 'The receipt (RFC 9942)'),
      headers: { ...location, ...PREFERENCE_APPLIED },
    },
    204: {
      ...nothing('Logged; the receipt waits for witnesses'),
      headers: { ...retryAfter, ...PREFERENCE_APPLIED },
    },
    ...failures,
  },
};

export const keySetSchema = {
  tags,
  summary: 'Keys that receipts are signed with, newest first',
  response: { 200: bytesOf(CBOR, 'A COSE Key Set (RFC 9052 §7)'), ...failures },
};

export const keySchema = {
  tags,
  summary: 'One of these keys',
  params: kidParams,
  response: { 200: bytesOf(CBOR, 'A COSE_Key'), ...failures },
};
