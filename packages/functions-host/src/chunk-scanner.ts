const LF = 0x0a;
/** More than any chunk size with its line end. A chunk extension that is longer is refused. */
const MAX_LINE_BYTES = 1024;

/** Finds the end of a chunked body, without changing it. */
export interface BodyScanner {
  /** Takes the next bytes. Returns how many of them belong to the body, and whether it ends with them. */
  scan(bytes: Buffer): { kind: 'more' | 'end'; bytes: number } | { kind: 'invalid' };
}

export function createChunkScanner(): BodyScanner {
  let line = '';
  let state: { kind: 'size' | 'after-data' | 'trailer' } | { kind: 'data'; left: number } = { kind: 'size' };

  function takeLine(): 'end' | 'invalid' | 'next' {
    const text = line;
    line = '';
    if (!/^[^\r\n]*\r\n$/.test(text)) return 'invalid';
    if (state.kind === 'trailer') return text === '\r\n' ? 'end' : 'next';
    if (state.kind === 'after-data') {
      state = { kind: 'size' };
      return text === '\r\n' ? 'next' : 'invalid';
    }
    const [, size] = /^([\da-f]{1,8})(?:[ \t]*;.*)?\r\n$/i.exec(text) ?? [];
    if (size === undefined) return 'invalid';
    const left = Number.parseInt(size, 16);
    state = left === 0 ? { kind: 'trailer' } : { kind: 'data', left };
    return 'next';
  }

  return {
    scan(bytes) {
      let at = 0;
      while (at < bytes.length) {
        if (state.kind === 'data') {
          const taken = Math.min(state.left, bytes.length - at);
          at += taken;
          state = taken === state.left ? { kind: 'after-data' } : { kind: 'data', left: state.left - taken };
          continue;
        }
        const lineEnd = bytes.indexOf(LF, at);
        const next = lineEnd === -1 ? bytes.length : lineEnd + 1;
        line += bytes.toString('latin1', at, next);
        at = next;
        if (line.length > MAX_LINE_BYTES) return { kind: 'invalid' };
        if (lineEnd === -1) break;
        const taken = takeLine();
        if (taken === 'invalid') return { kind: 'invalid' };
        if (taken === 'end') return { kind: 'end', bytes: at };
      }
      return { kind: 'more', bytes: at };
    },
  };
}
