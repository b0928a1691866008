interface Closable {
  close(): Promise<void>;
}

/** Records every service that was started or is still starting. One call stops them all, the newest first. */
export function createRunning() {
  const started: Promise<Closable>[] = [];
  let stopping: Promise<void> | undefined;

  async function stopAll(): Promise<void> {
    for (const starting of started.toReversed()) {
      // A service that failed to start needs no stop. One that fails to stop must not prevent the others.
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
