const MAX_LINKS = 5000;

/** A response has one link to its next page, and one for each property that the call expanded. */
const MAX_SIGNED_LINKS = 100;

/** For all links that are compared with the rules or parsed as URLs. Ten megabytes of links take seconds. */
const MAX_COMPARED_LENGTH = 1024 * 1024;

/** Limits the work for the links of one response. */
export interface LinkBudget {
  /** Counts a link and, if it is to be compared or parsed, its length. False if a limit is exceeded. */
  mayCompare(link: string): boolean;
  /** Counts a link that is to get a MAC. */
  maySign(): boolean;
  isExceeded(): boolean;
}

/**
 * @param batch limits the links that are compared in all parts of a batch. The worker does nothing else until the last part
 * is edited.
 */
export function createLinkBudget(batch?: LinkBudget): LinkBudget {
  let count = 0;
  let comparedLength = 0;
  let signedCount = 0;
  const isExceeded = () =>
    count > MAX_LINKS || comparedLength > MAX_COMPARED_LENGTH || batch?.isExceeded() === true;
  return {
    isExceeded,
    mayCompare(link) {
      count++;
      comparedLength += link.length;
      if (link !== '') batch?.mayCompare(link);
      return !isExceeded();
    },
    maySign: () => ++signedCount <= MAX_SIGNED_LINKS,
  };
}
