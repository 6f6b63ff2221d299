/** One browser window with its own cookies, in a language and a width; it remembers what went wrong in it. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { en } from '../../../src/ui/i18n/en.js';
import { ru } from '../../../src/ui/i18n/ru.js';
import type { Messages } from '../../../src/ui/i18n/ru.js';
import { PASSWORD } from './site.js';

export type Language = 'ru' | 'en';

export interface VisitorOptions {
  url: string;
  language: Language;
  width: number;
  dark: boolean;
}

export interface Visitor extends AsyncDisposable {
  page: Page;
  context: BrowserContext;
  /** The words he reads. */
  t: Messages;
  language: Language;
  width: number;
  go(address: string): Promise<void>;
  /** One more page of his, in the same window. */
  another(address: string): Promise<AsyncDisposable & { page: Page }>;
  logIn(login: string, password?: string): Promise<void>;
  /** The same page in a window as wide as this. */
  resize(width: number): Promise<void>;
  /** Until nothing on the page waits for an answer. */
  settled(): Promise<void>;
  /** Scripts and styles the content policy refused, and errors of the page. */
  problems: string[];
  /** Kept as build output, in `screenshots/`. */
  picture(name: string): Promise<void>;
  /** No serious or critical finding on what is shown; keeps a picture of it. */
  accessible(name: string): Promise<void>;
}

const FOLDER = path.resolve(import.meta.dirname, '../../../screenshots');
const WORDS = { ru, en };
const PATIENCE_MS = 20_000;
/** What a browser says of a request that did not go well, which tests bring about. */
const EXPECTED = /Failed to load resource|WebSocket connection to|ERR_CONNECTION|net::ERR/;

export async function openVisitor(
  browser: Browser,
  { url, language = 'ru', width = 1280, dark = false }: Partial<VisitorOptions> & Pick<VisitorOptions, 'url'>,
): Promise<Visitor> {
  const context = await browser.newContext({
    baseURL: url,
    locale: language === 'ru' ? 'ru-RU' : 'en-GB',
    viewport: sizeOf(width),
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
    timezoneId: 'Europe/Minsk',
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !EXPECTED.test(message.text())) problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(error.message));
  const t = WORDS[language];

  const visitor: Visitor = {
    page,
    context,
    t,
    language,
    width,
    problems,
    async go(address) {
      await page.goto(address);
    },
    async another(address) {
      const more = await context.newPage();
      await more.goto(address);
      return { page: more, [Symbol.asyncDispose]: () => more.close() };
    },
    async logIn(login, password = PASSWORD) {
      await page.getByLabel(t.login.login).fill(login);
      await page.getByLabel(t.login.password).fill(password);
      await page.getByRole('button', { name: t.login.submit }).click();
      await page.getByRole('banner').waitFor();
    },
    async resize(wanted) {
      visitor.width = wanted;
      await page.setViewportSize(sizeOf(wanted));
    },
    async settled() {
      await page.locator('h1').first().waitFor({ state: 'attached' });
      await page.locator('.waiting').first().waitFor({ state: 'detached' });
    },
    async picture(name) {
      mkdirSync(FOLDER, { recursive: true });
      await page.screenshot({
        path: path.join(FOLDER, `${name}-${language}-${visitor.width}${dark ? '-dark' : ''}.png`),
      });
    },
    async accessible(name) {
      await visitor.picture(name);
      // Not a script of the page: its content policy does not concern the debugger.
      await page.evaluate(axe.source);
      const found = await page.evaluate(async () => {
        const { axe: here } = globalThis as unknown as { axe: typeof axe };
        const { violations } = await here.run({ resultTypes: ['violations'] });
        return violations
          .filter(({ impact }) => impact === 'serious' || impact === 'critical')
          .map(
            ({ id, nodes }) =>
              `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary ?? ''}`).join('; ')}`,
          );
      });
      if (found.length > 0) throw new Error(`${name} ${language} ${visitor.width}: ${found.join('\n')}`);
    },
    async [Symbol.asyncDispose]() {
      // Where it stood: of a test that failed it says most.
      await visitor.picture('at-the-end').catch(() => undefined);
      await context.close();
    },
  };
  return visitor;
}

const sizeOf = (width: number) => ({ width, height: width < 500 ? 740 : 860 });
