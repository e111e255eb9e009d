/**
 * The messages of the Container Runtime Interface that the probe reads (k8s.io/cri-api, runtime/v1/api.proto), from
 * protobuf's wire format. Only the fields that are needed are read: labels, annotations, environment and arguments are
 * skipped, and never become text here.
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { decodeUtf8 } from '../../bytes/text.ts';

/** Most items of one list. A node runs some 110 pods, at most a few hundred. */
const MAX_ITEMS = 16_384;
/** The highest number of a field that is read. Others are skipped, so that a message makes no more objects than its items. */
const MAX_FIELD = 10;
/** Most bytes of a text that is read: names of Kubernetes have at most 253, references of images some hundred more. */
const MAX_TEXT = 4_096;

export interface Version {
  readonly name: string;
  readonly version: string;
}

/** A pod as the runtime has it. */
export interface Sandbox {
  readonly id: string;
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly attempt: number;
  readonly ready: boolean;
  /** POSIX seconds. */
  readonly created: number;
}

export interface Container {
  readonly id: string;
  readonly sandbox: string;
  readonly name: string;
  readonly attempt: number;
  /** The runtime's references to the image that runs. What was asked for (`image`) is not evidence of it, and is not read. */
  readonly images: readonly string[];
  readonly running: boolean;
  readonly created: number;
}

export interface Image {
  readonly id: string;
  /** `repository@sha256:…` */
  readonly digests: readonly string[];
}

/** VersionResponse. Each function refuses `unavailable` for bytes that are no such message, and `too-large` for too many items. */
export function parseVersion(bytes: Uint8Array): Version {
  return whole(bytes, (fields) => ({ name: fields.text(2), version: fields.text(3) }));
}

/** ListPodSandboxResponse */
export function parseSandboxes(bytes: Uint8Array): readonly Sandbox[] {
  return whole(bytes, (fields) => fields.messages(1, sandboxOf));
}

/** ListContainersResponse */
export function parseContainers(bytes: Uint8Array): readonly Container[] {
  return whole(bytes, (fields) => fields.messages(1, containerOf));
}

/** ListImagesResponse */
export function parseImages(bytes: Uint8Array): readonly Image[] {
  return whole(bytes, (fields) =>
    fields.messages(1, (image) => ({ id: image.text(1), digests: image.texts(3) })),
  );
}

function sandboxOf(fields: Fields): Sandbox {
  const metadata = fields.message(2);
  return {
    id: identifier(fields.text(1)),
    name: metadata.text(1),
    uid: metadata.text(2),
    namespace: metadata.text(3),
    attempt: metadata.number(4),
    ready: fields.number(3) === 0,
    created: seconds(fields.number(4)),
  };
}

function containerOf(fields: Fields): Container {
  const metadata = fields.message(3);
  return {
    id: identifier(fields.text(1)),
    sandbox: fields.text(2),
    name: metadata.text(1),
    attempt: metadata.number(2),
    images: [fields.text(5), fields.text(10)].filter((each) => each !== ''),
    running: fields.number(6) === 1,
    created: seconds(fields.number(7)),
  };
}

function identifier(text: string): string {
  if (text === '') throw malformed('an item has no id');
  return text;
}

const seconds = (nanoseconds: number): number => Math.floor(nanoseconds / 1e9);

/** The fields of one message, by number. A field that is not a list and occurs twice is refused. */
class Fields {
  readonly #found = new Map<number, (Uint8Array | number)[]>();

  constructor(bytes: Uint8Array) {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [number, type] = reader.tag();
      if (type === WireType.StartGroup || type === WireType.EndGroup) throw malformed('it has a group');
      if (number > MAX_FIELD) reader.skip(type, number);
      else if (type === WireType.LengthDelimited) this.#add(number, reader.bytes());
      else if (type === WireType.Varint) this.#add(number, Number(reader.int64()));
      else reader.skip(type, number);
    }
  }

  #add(number: number, value: Uint8Array | number): void {
    const before = this.#found.get(number) ?? [];
    if (before.length >= MAX_ITEMS)
      throw refuse('too-large', `a list of the runtime has more than ${MAX_ITEMS} items`);
    before.push(value);
    this.#found.set(number, before);
  }

  #bytes(number: number): readonly Uint8Array[] {
    return (this.#found.get(number) ?? []).map((each) => {
      if (each instanceof Uint8Array) return each;
      throw malformed('a field is of another type');
    });
  }

  #only<T>(all: readonly T[]): T | undefined {
    if (all.length > 1) throw malformed('a field occurs twice');
    return all[0];
  }

  messages<T>(number: number, read: (fields: Fields) => T): readonly T[] {
    return this.#bytes(number).map((bytes) => read(new Fields(bytes)));
  }

  message(number: number): Fields {
    return new Fields(this.#only(this.#bytes(number)) ?? new Uint8Array());
  }

  texts(number: number): readonly string[] {
    return this.#bytes(number).map(textOf);
  }

  text(number: number): string {
    return this.#only(this.texts(number)) ?? '';
  }

  /** A whole number, 0 if it is absent. */
  number(number: number): number {
    const given = this.#only(this.#found.get(number) ?? []) ?? 0;
    if (typeof given === 'number' && given >= 0) return given;
    throw malformed('a number is none');
  }
}

function textOf(bytes: Uint8Array): string {
  if (bytes.length > MAX_TEXT) throw malformed('a name is too long');
  return decodeUtf8(bytes);
}

/** What the reader throws is no refusal: its messages are its own, and may quote numbers of the bytes. */
function whole<T>(bytes: Uint8Array, read: (fields: Fields) => T): T {
  try {
    return read(new Fields(bytes));
  } catch (error) {
    if (error instanceof Refusal && error.code !== 'malformed-text') throw error;
    throw malformed('it ends too soon, or a part of it is none', error);
  }
}

function malformed(what: string, cause?: unknown): Refusal {
  return refuse('unavailable', `the runtime sent a message that is none of CRI v1: ${what}`, { cause });
}
