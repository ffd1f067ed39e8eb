// Content that is signed: read whole, within bounds. What is read can be handed on.

/** Why content was not read; each is the code of its refusal. */
export type ContentFailure = "content_too_large" | "content_timeout" | "content_buffers_full";

export interface Bounds {
  readonly bytesMax: number;
  /** Whether so many bytes more may be held. */
  readonly take: (bytes: number) => boolean;
  readonly idleMs: number;
  readonly totalMs: number;
}

/** Reads the content of one request, once. */
export type ContentSource = (bounds: Bounds) => Promise<Uint8Array | ContentFailure>;

/** Content that is there already. */
export function held(bytes: Uint8Array): ContentSource {
  return async ({ bytesMax, take }) => {
    if (bytes.length > bytesMax) return "content_too_large";
    return take(bytes.length) ? bytes : "content_buffers_full";
  };
}

/** Content that arrives in pieces: `listen` is told where to bring them and says how to stop. */
export function arriving(listen: (to: Listener) => () => void): ContentSource {
  return ({ bytesMax, take, idleMs, totalMs }) =>
    new Promise((resolve) => {
      const chunks: Uint8Array[] = [];
      let length = 0;
      let stop: (() => void) | undefined;
      let over = false;
      const end = (result: Uint8Array | ContentFailure) => {
        if (over) return;
        over = true;
        clearTimeout(idle);
        clearTimeout(total);
        stop?.();
        resolve(result);
      };
      const late = () => end("content_timeout");
      const total = setTimeout(late, totalMs);
      let idle = setTimeout(late, idleMs);
      stop = listen({
        chunk(bytes) {
          if (over) return;
          length += bytes.length;
          if (length > bytesMax) return end("content_too_large");
          if (!take(bytes.length)) return end("content_buffers_full");
          chunks.push(bytes);
          clearTimeout(idle);
          idle = setTimeout(late, idleMs);
        },
        end: () => end(joined(chunks)),
        // The client is gone, or was cut off: nobody will read the answer.
        failed: late,
      });
      if (over) stop();
    });
}

interface Listener {
  chunk(bytes: Uint8Array): void;
  end(): void;
  failed(): void;
}

export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
