import process from 'node:process';

/** Shows how far a long command has come: a bar on a terminal, and plain lines otherwise. */
export interface Progress {
  /**
   * Shows what begins now. What began before is done.
   * @param units the step's share of the total, such as its expected seconds. Default: 1.
   */
  step(what: string, units?: number): void;
  /** Shows what is being done, and that this many units are done. For steps that run side by side. */
  show(what: string, done: number): void;
  /** Removes the bar until the next step, so that other output does not mix with it. */
  hide(): void;
  end(): void;
}

export interface ProgressOptions {
  readonly stream?: Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'>;
  readonly nowMs?: () => number;
  /** The time between two plain lines. Steps that begin sooner are not shown. Default: every step is shown. */
  readonly lineEveryMs?: number;
}

const BAR_WIDTH = 24;

/** @param total the sum of the units of all steps */
export function startProgress(total: number, options: ProgressOptions = {}): Progress {
  const { stream = process.stderr, nowMs = () => performance.now(), lineEveryMs = 0 } = options;
  const startedMs = nowMs();
  let lastLineMs = Number.NEGATIVE_INFINITY;
  let done = 0;
  let current = 0;
  const timeLeft = () => {
    if (done === 0) return '';
    const seconds = Math.round(((nowMs() - startedMs) / 1000 / done) * Math.max(0, total - done));
    return `, about ${seconds < 60 ? '' : `${Math.floor(seconds / 60)} min `}${seconds % 60} s left`;
  };
  const draw = (what: string) => {
    const share = Math.min(1, done / total);
    const text = `${String(Math.floor(share * 100)).padStart(3)} % ${what}${timeLeft()}`;
    if (stream.isTTY) {
      const filled = Math.round(share * BAR_WIDTH);
      const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
      // A longer line would wrap, and could not be removed.
      stream.write(`\r\x1b[K${`${bar}${text}`.slice(0, (stream.columns || 80) - 1)}`);
    } else if (nowMs() - lastLineMs >= lineEveryMs) {
      lastLineMs = nowMs();
      stream.write(`${text}\n`);
    }
  };
  const hide = () => {
    if (stream.isTTY) stream.write('\r\x1b[K');
  };
  return {
    step(what, units = 1) {
      done += current;
      current = units;
      draw(what);
    },
    show(what, doneNow) {
      done = doneNow;
      draw(what);
    },
    hide,
    end: hide,
  };
}
