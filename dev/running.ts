interface Closable {
  close(): Promise<void>;
}

/** Keeps what was started, also what is still starting, so that one call stops it all, the newest first. */
export function createRunning() {
  const started: Promise<Closable>[] = [];
  let stopping: Promise<void> | undefined;

  async function stopAll(): Promise<void> {
    for (const starting of started.toReversed()) {
      // What never started has nothing to stop, and one that fails to stop must not keep the others alive.
      await starting.then((service) => service.close()).catch(() => undefined);
    }
  }

  return {
    add<Service extends Closable>(starting: Promise<Service>): Promise<Service> {
      started.push(starting);
      return starting;
    },
    stop: (): Promise<void> => {
      stopping ??= stopAll();
      return stopping;
    },
  };
}
