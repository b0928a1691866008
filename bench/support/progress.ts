import process from 'node:process';

export interface Progress {
  /** Shows what is being done now. One step of the total is done. */
  step(what: string): void;
  end(): void;
}

const BAR_WIDTH = 24;

/** A bar on a terminal, and plain lines otherwise. */
export function startProgress(total: number, stream: NodeJS.WriteStream = process.stderr): Progress {
  const startedMs = performance.now();
  let done = 0;
  const secondsLeft = () =>
    done === 0 ? undefined : Math.round(((performance.now() - startedMs) / 1000 / done) * (total - done));
  const left = () => {
    const seconds = secondsLeft();
    return seconds === undefined ? '' : `, about ${Math.floor(seconds / 60)} min ${seconds % 60} s left`;
  };
  return {
    step(what) {
      const filled = Math.round((done / total) * BAR_WIDTH);
      const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
      if (stream.isTTY) stream.write(`\r\x1b[K${bar} ${done}/${total} ${what}${left()}`);
      else stream.write(`${done}/${total} ${what}${left()}\n`);
      done++;
    },
    end() {
      if (stream.isTTY) stream.write('\r\x1b[K');
    },
  };
}
