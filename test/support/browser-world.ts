import type { Directory } from '@entra-bff/directory';
import type { OpenPage } from '@entra-bff/test-browser';
import type { Page } from 'playwright-core';
import { signInAs } from '../../testing/index.ts';
import { openPage } from './open-page.ts';
import { grantSignIn, startWorld, type Worker, type WorkerOptions, type World } from './world.ts';

/** A world with the demo page or another app in front of its worker. */
export interface BrowserWorld extends World {
  readonly worker: Worker;
  /** Opens a page in a browser without cookies or storage. */
  readonly newPage: OpenPage;
}

/**
 * @param options of the worker. Default: it serves the demo page.
 * @param directory instead of that of `npm start`
 */
export async function startBrowserWorld(
  options: WorkerOptions = { servesDemo: true },
  directory?: Directory,
): Promise<BrowserWorld> {
  const world = await startWorld(directory);
  return { ...world, worker: await world.startWorker(options), newPage: openPage };
}

export function press(page: Page, name: string | RegExp): Promise<void> {
  return page.getByRole('button', { name }).click();
}

export function follow(page: Page, name: string): Promise<void> {
  return page.getByRole('link', { name }).click();
}

/** Waits until a heading is visible. */
export function see(page: Page, heading: string | RegExp): Promise<void> {
  return page.getByRole('heading', { name: heading }).waitFor();
}

/** Opens the demo page and continues to Entra ID. */
export async function startSignIn(page: Page, origin: string): Promise<void> {
  await page.goto(origin);
  await press(page, 'Sign in');
}

/** Signs in from the demo page, at the pages of Entra ID. The user has consented before. */
export async function signInAtDemo(world: BrowserWorld, page: Page, name: string): Promise<void> {
  grantSignIn(world, name);
  await startSignIn(page, world.worker.origin);
  await press(page, new RegExp(name));
  await see(page, `Hello, ${name}`);
}

/** Opens the demo page as a user who signed in without a page. Otherwise like `signInAtDemo`. */
export async function openDemoAs(world: BrowserWorld, page: Page, name: string): Promise<void> {
  await signInWithoutPage(world, page, name.split(' ')[0]?.toLowerCase() ?? '');
  await page.goto(world.worker.origin);
  await see(page, `Hello, ${name}`);
}

/**
 * Signs a user in without loading a page, and gives the cookies to the browser. What the sign-in asks for is granted.
 * @param user the part of the username before the at sign
 */
export function signInWithoutPage({ worker }: BrowserWorld, page: Page, user: string): Promise<void> {
  return signInAs(page, user, { app: worker.origin });
}
