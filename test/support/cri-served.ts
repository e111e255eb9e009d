/** A container runtime that tests serve: CRI v1 over gRPC on a unix socket, honest or lying. */
import {
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { join } from 'node:path';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

export interface ServedSandbox {
  readonly id: string;
  readonly uid?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly ready?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface ServedContainer {
  readonly id: string;
  readonly sandbox: string;
  readonly name: string;
  readonly imageRef?: string;
  readonly asked?: string;
  readonly running?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface ServedImage {
  readonly id: string;
  readonly digests?: readonly string[];
}

/** What a node runs. */
export interface ServedNode {
  readonly sandboxes: readonly ServedSandbox[];
  readonly containers: readonly ServedContainer[];
  readonly images: readonly ServedImage[];
}

/** When everything began, nanoseconds. */
const CREATED = '1800000000000000000';

/** The bytes of one length-delimited field. */
export function field(number: number, bytes: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(bytes).finish();
}

const text = (writer: BinaryWriter, number: number, value: string | undefined): BinaryWriter =>
  value === undefined || value === '' ? writer : writer.tag(number, WireType.LengthDelimited).string(value);

function pairs(writer: BinaryWriter, number: number, values: Readonly<Record<string, string>> = {}): void {
  for (const [key, value] of Object.entries(values))
    writer
      .tag(number, WireType.LengthDelimited)
      .bytes(text(text(new BinaryWriter(), 1, key), 2, value).finish());
}

export function sandboxBytes(each: ServedSandbox): Uint8Array {
  const { id, uid = `uid-${id}`, namespace = 'shop', name = `pod-${id}`, ready = true } = each;
  const metadata = text(text(text(new BinaryWriter(), 1, name), 2, uid), 3, namespace);
  const writer = text(new BinaryWriter(), 1, id).tag(2, WireType.LengthDelimited).bytes(metadata.finish());
  if (!ready) writer.tag(3, WireType.Varint).int32(1);
  writer.tag(4, WireType.Varint).int64(CREATED);
  pairs(writer, 5, each.labels);
  pairs(writer, 6, each.annotations);
  return writer.finish();
}

export function containerBytes(each: ServedContainer): Uint8Array {
  const { id, sandbox, name, imageRef, asked, running = true } = each;
  const writer = text(text(new BinaryWriter(), 1, id), 2, sandbox);
  writer.tag(3, WireType.LengthDelimited).bytes(text(new BinaryWriter(), 1, name).finish());
  writer.tag(4, WireType.LengthDelimited).bytes(text(new BinaryWriter(), 1, asked).finish());
  text(writer, 5, imageRef)
    .tag(6, WireType.Varint)
    .int32(running ? 1 : 2);
  writer.tag(7, WireType.Varint).int64(CREATED);
  pairs(writer, 8, each.labels);
  return writer.finish();
}

export function imageBytes({ id, digests = [] }: ServedImage): Uint8Array {
  const writer = text(new BinaryWriter(), 1, id);
  for (const each of digests) text(writer, 3, each);
  return writer.finish();
}

const listBytes = (items: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(Buffer.concat(items.map((each) => field(1, each))));

/** The message that an honest runtime answers a method with. */
export function answerOf(method: string, node: ServedNode): Uint8Array {
  if (method.endsWith('/Version'))
    return text(text(new BinaryWriter(), 2, 'containerd'), 3, 'v2.1.4').finish();
  if (method.endsWith('/ListPodSandbox')) return listBytes(node.sandboxes.map(sandboxBytes));
  if (method.endsWith('/ListContainers')) return listBytes(node.containers.map(containerBytes));
  return listBytes(node.images.map(imageBytes));
}

/** A message as gRPC frames it. */
export function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Answers with a message and the status OK. */
export function answer(stream: ServerHttp2Stream, message: Uint8Array): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(framed(message));
}

export interface ServedCri {
  readonly path: string;
  /** Methods that were called, in order. */
  readonly calls: string[];
  close(): Promise<void>;
}

/** `lie`: answers a method in its own way; returns false to leave it to the honest answer. */
export async function serveCri(
  dir: string,
  nodeOf: () => ServedNode,
  lie: (method: string, stream: ServerHttp2Stream) => boolean = () => false,
): Promise<ServedCri> {
  const path = join(dir, 'containerd.sock');
  const server = createServer();
  const calls: string[] = [];
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => undefined);
  });
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => undefined);
    stream.resume();
    const method = String(headers[':path']);
    calls.push(method);
    if (!lie(method, stream)) answer(stream, answerOf(method, nodeOf()));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    path,
    calls,
    close: async () => {
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
