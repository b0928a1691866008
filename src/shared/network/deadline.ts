/**
 * The promise's result, or a rejection when it takes too long: for libraries that take an abort signal and do not heed
 * it everywhere. What they do afterwards is ignored.
 */
export async function withDeadline<Result>(promise: Promise<Result>, deadlineMs: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DeadlineExceeded()), deadlineMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';
}
