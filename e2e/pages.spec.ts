import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { WhatIf } from '../packages/web/src/testing/index.ts';
import { arrive, hire, openBrowser, restOf, type Language, type Rest } from './support/people.ts';

const house = inject('house');
let browser: Browser;
let administrator: Rest;
let axe = '';

beforeAll(async () => {
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  administrator = await restOf(house, house.administrator);
  browser = await openBrowser(house);
});
afterAll(async () => {
  await browser.close();
});

/** What WCAG 2.2 A and AA forbid and a program can see, worst first: rule, what it means, where. */
const barriers = async (page: Page): Promise<readonly string[]> => {
  await page.evaluate(axe);
  const results = await page.evaluate(async (): Promise<AxeResults> => {
    const { axe: checker } = window as unknown as { axe: { run(options: object): Promise<AxeResults> } };
    return checker.run({
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
      resultTypes: ['violations'],
    });
  });
  return results.violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id}: ${help}: ${node.target.join(' ')}`),
  );
};

/** A page is there when its own heading is, and nothing of it is still loading. */
const settled = async (page: Page): Promise<void> => {
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  await page.locator('.ant-skeleton, .ant-spin-spinning').first().waitFor({ state: 'detached' });
};

type FirstOf = { readonly items: readonly Readonly<Record<string, unknown>>[] };
const firstId = async (path: string, key: string): Promise<string> => {
  const { items } = await administrator.get<FirstOf>(path);
  return String(items[0]?.[key]);
};

test.each(['zh', 'en'] as const)(
  'every main page in %s can be used by all, without faults on the console or the wire',
  async (language: Language) => {
    const who = await hire(administrator, { login: `keeper-${language}`, displayName: 'Kim', role: 'administrator' });
    const admin = await arrive(browser, house, who, { language });
    const { page } = admin;
    // Both languages share their markup: one is looked at by day, the other by night.
    await page.emulateMedia({ colorScheme: language === 'zh' ? 'light' : 'dark' });
    // The demonstration dials since the start; its first finished attempt has a story with a recording or without.
    await expect
      .poll(async () => (await administrator.get<FirstOf>('/attempts?limit=1')).items.length, { timeout: 60_000 })
      .toBe(1);
    const campaign = `/campaigns/${await firstId('/campaigns', 'campaignId')}`;
    const paths = [
      '/campaigns',
      campaign,
      `${campaign}?tab=forecast`,
      `${campaign}?tab=drops`,
      `${campaign}?tab=settings`,
      '/campaigns/new',
      '/lists',
      `/lists/${await firstId('/lists', 'listId')}`,
      '/lists/import',
      '/attempts',
      `/attempts/${await firstId('/attempts?limit=1', 'attemptId')}`,
      '/trunks',
      `/trunks/${await firstId('/trunks', 'trunkId')}`,
      '/users',
      '/audit',
      '/account',
    ];
    for (const path of paths) {
      await page.goto(new URL(path, house.url).href);
      await settled(page);
      expect.soft(await barriers(page), path).toEqual([]);
      expect.soft(await page.evaluate(() => document.documentElement.lang.slice(0, 2)), path).toBe(language);
    }
    expect(admin.faults).toEqual([]);
    await admin.vanish();
  },
);

test('a what-if is answered by the real pacer, changed by keys, and taken back', async () => {
  const who = await hire(administrator, { login: 'planner', displayName: 'Pat', role: 'supervisor' });
  const planner = await arrive(browser, house, who, { language: 'en' });
  const { page } = planner;
  const plan = new WhatIf(page, 'en');
  await page.goto(new URL(`/campaigns/${await firstId('/campaigns', 'campaignId')}?tab=forecast`, house.url).href);
  const own = await plan.talkMinutes();
  expect(own).toBeGreaterThan(5);
  expect(own).toBeLessThan(60);
  const agents = await plan.agents();
  await plan.addAgents(5);
  expect(await plan.agents()).toBe(agents + 5);
  // What was answered for the campaign as it is set stays in sight beside it.
  await plan.comparison().waitFor({ timeout: 60_000 });
  expect(await plan.talkMinutes()).toBeGreaterThan(own - 1);
  await plan.takeBack();
  expect(await plan.agents()).toBe(agents);
  await plan.comparison().waitFor({ state: 'detached' });
  expect(planner.faults).toEqual([]);
  await planner.vanish();
});

test.each(['zh', 'en'] as const)('the desk and the login page in %s can be used by all', async (language: Language) => {
  const who = await hire(administrator, { login: `guest-${language}`, displayName: 'Gus', role: 'agent' });
  const visitor = await arrive(browser, house, who, { language });
  await visitor.page.goto(new URL('/desk', house.url).href);
  await settled(visitor.page);
  expect.soft(await barriers(visitor.page), `desk in ${language}`).toEqual([]);
  expect(visitor.faults).toEqual([]);
  await visitor.page.context().clearCookies();
  await visitor.page.goto(house.url);
  await visitor.page.locator('input[type=password]').waitFor();
  expect.soft(await barriers(visitor.page), `login in ${language}`).toEqual([]);
  await visitor.vanish();
});
