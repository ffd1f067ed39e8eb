// Ed25519 by the runtime, where that is faster than the core.

const { subtle } = globalThis.crypto ?? {};

export class Ed25519 {
  /** By public key: at most as many as the settings have. */
  readonly #keys = new Map<string, Promise<CryptoKey>>();

  async isRight(publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): Promise<boolean> {
    const name = publicKey.join();
    let key = this.#keys.get(name);
    if (key === undefined) {
      key = subtle.importKey("raw", publicKey as BufferSource, "Ed25519", false, ["verify"]);
      this.#keys.set(name, key);
      key.catch(() => this.#keys.delete(name));
    }
    return subtle.verify("Ed25519", await key, signature as BufferSource, message as BufferSource);
  }
}
