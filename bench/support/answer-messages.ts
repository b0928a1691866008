import process from 'node:process';

/** Answers each message of the bench with the handler's result. The process ends with the bench, or if the handler fails. */
export function answerMessages<Message>(answer: (message: Message) => unknown): void {
  process.on('message', (message: Message) => {
    Promise.resolve(message)
      .then(answer)
      .then(
        (result) => process.send?.(Object(result)),
        (error: unknown) => {
          console.error(error);
          process.exit(1);
        },
      );
  });
  process.once('disconnect', () => process.exit());
}
