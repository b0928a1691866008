import { answerMessages } from './support/answer-messages.ts';
import { type CallTimes, measureCalls } from './support/call-times.ts';

/** Measures a warm call and a cold one in a process of its own. */
answerMessages(({ turns }: { readonly turns: number }): Promise<CallTimes> => measureCalls(turns));
