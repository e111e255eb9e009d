/**
 * What this folder uses of things that bring no types here: WebAssembly's JavaScript interface (the
 * compiler declares it with the browser's library, which a server does not load) and sodium-native.
 */
declare namespace WebAssembly {
  interface Module {
    readonly [Symbol.toStringTag]: string;
  }
  const Module: new (bytes: Uint8Array<ArrayBuffer>) => Module;
  class Memory {
    readonly buffer: ArrayBuffer;
  }
  class Instance {
    constructor(module: Module);
    readonly exports: Readonly<Record<string, Memory | ((...args: number[]) => void)>>;
  }
}

declare module 'sodium-native' {
  /** Throws when a length is wrong. Views of shared memory are fine. */
  export function crypto_sign_verify_detached(
    signature: Uint8Array,
    message: Uint8Array,
    publicKey: Uint8Array,
  ): boolean;
}
