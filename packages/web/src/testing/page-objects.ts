import type { Locator, Page } from 'playwright-core';
import { en } from '../i18n/en/index.ts';
import { zh, type Dictionary } from '../i18n/zh/index.ts';
import type { Translation } from '../i18n/translation.ts';

type Words = Translation<Dictionary>;
type Language = 'zh' | 'en';

/** The pages as a browser test uses them: by the words that people read, so that a test fails when a person would be lost. */
class Screen {
  protected readonly page: Page;
  protected readonly words: Words;

  constructor(page: Page, language: Language = 'zh') {
    this.page = page;
    this.words = language === 'zh' ? zh : en;
  }

  /** A button whose text begins so; key caps may follow. */
  protected button(text: string): Locator {
    return this.page.getByRole('button', { name: text });
  }
}

/** Where everybody begins. */
export class LoginScreen extends Screen {
  /**
   * Opens the address and logs in there. The language is chosen before the first script runs.
   * @param next Takes the place of a first password, which must be changed.
   */
  async logIn(address: string, login: string, password: string, next?: string): Promise<void> {
    const language = this.words === zh ? 'zh' : 'en';
    await this.page.addInitScript((chosen) => {
      localStorage.setItem('qianhu.language', chosen);
    }, language);
    await this.page.goto(address);
    await this.page.getByLabel(this.words.login.user).fill(login);
    await this.page.getByLabel(this.words.login.password, { exact: true }).fill(password);
    await this.button(this.words.login.submit).click();
    if (next !== undefined) {
      await this.changeFirstPassword(password, next);
      return;
    }
    await this.page.getByRole('navigation', { name: this.words.nav.label }).waitFor();
  }

  /** Sets a password of one's own where the first one must be changed. */
  async changeFirstPassword(present: string, next: string): Promise<void> {
    await this.page.getByLabel(this.words.password.present, { exact: true }).fill(present);
    await this.page.getByLabel(this.words.password.next, { exact: true }).fill(next);
    await this.page.getByLabel(this.words.password.again, { exact: true }).fill(next);
    await this.button(this.words.action.save).click();
    await this.page.getByRole('navigation', { name: this.words.nav.label }).waitFor();
  }
}

/** From a file to a list. */
export class ImportWizard extends Screen {
  /** Uploads, accepts the suggested mapping, and waits until the import is over. `isDemo`: into a list for the lab only. */
  async importFile(
    address: string,
    file: { name: string; mimeType: string; buffer: Buffer },
    { isDemo = false } = {},
  ): Promise<void> {
    await this.page.goto(new URL('/lists/import', address).href);
    await this.page.locator('input[type=file]').setInputFiles(file);
    if (isDemo) await this.page.getByLabel(this.words.importer.demoList).check();
    await this.button(this.words.importer.start).click();
    await this.page.getByText(this.words.importer.stateText.done).first().waitFor();
  }

  /** Goes on to the form of a new campaign with this list chosen. */
  async makeCampaign(): Promise<void> {
    await this.page.getByRole('link', { name: this.words.list.makeCampaign }).click();
    await this.page.getByRole('heading', { name: this.words.campaign.createTitle }).waitFor();
  }
}

/** Making, running and watching a campaign. */
export class CampaignPages extends Screen {
  async addCallerId(number: string): Promise<void> {
    const field = this.page.getByLabel(this.words.campaignForm.callerIds).last();
    await field.fill(number);
    await field.press('Enter');
  }

  /** Gives the calls to just these agents instead of all. */
  async chooseAgents(names: readonly string[]): Promise<void> {
    await this.page.getByText(this.words.campaignForm.someAgents).click();
    const field = this.page.getByRole('combobox', { name: this.words.campaignForm.pickAgents });
    for (const name of names) {
      await field.fill(name);
      await field.press('Enter');
    }
    await field.press('Escape');
  }

  /** Makes the campaign without starting it; its page is shown then. */
  async create(): Promise<void> {
    await this.page.getByRole('button', { name: this.words.campaignForm.create, exact: true }).click();
    await this.page.waitForURL(/\/campaigns\/[0-9a-f-]{36}/);
  }

  /** Starts from the form; the page of the campaign is shown then. */
  async createAndStart(): Promise<void> {
    await this.button(this.words.campaignForm.createAndStart).click();
    await this.page.waitForURL(/\/campaigns\/[0-9a-f-]{36}/);
  }

  async command(name: 'start' | 'resume' | 'pause' | 'drain' | 'stop'): Promise<void> {
    await this.button(this.words.campaign.command[name]).first().click();
    if (name !== 'stop') return;
    await this.page.getByRole('tooltip').getByRole('button', { name: this.words.campaign.command.stop }).click();
  }

  /** The mark that tells the phase, for example of a campaign that is running. */
  phase(name: keyof Words['campaign']['phase']): Locator {
    return this.page.locator('.mark--strong', { hasText: this.words.campaign.phase[name] });
  }

  /** The tab with the live view. */
  async showLive(): Promise<void> {
    await this.page.getByRole('tab', { name: this.words.campaign.tab.live }).click();
  }

  /** The figure of open calls in this phase, as the live view shows it. */
  callCount(phase: keyof Words['callPhase']): Locator {
    return this.page
      .locator('.live__phase', { has: this.page.getByText(this.words.callPhase[phase], { exact: true }) })
      .locator('dd');
  }

  /** How many settled attempts had this outcome, as the live view shows it; 0 while it shows none. */
  async outcomeCount(name: keyof Words['outcome']): Promise<number> {
    const row = this.page.locator('.outcome', { hasText: this.words.outcome[name] });
    if ((await row.count()) === 0) return 0;
    const text = await row.first().locator('.q-num').first().innerText();
    return Number(text.replace(/\D/g, ''));
  }

  /** Opens the newest attempt in the table of this campaign. */
  async openFirstAttempt(): Promise<void> {
    await this.page.getByRole('tab', { name: this.words.campaign.tab.attempts }).click();
    await this.page.locator('tbody a').first().click();
    await this.page.getByRole('heading', { name: this.words.attempt.timeline }).waitFor();
  }
}

/** The tab on which a campaign's days are simulated. */
export class WhatIf extends Screen {
  /** The foretold minutes of talk per agent and hour, once they are there. */
  async talkMinutes(): Promise<number> {
    await this.page.locator('.forecast__answer:not(.forecast__answer--old) .forecast__value').first().waitFor();
    return parseFloat(await this.page.locator('.forecast__value').first().innerText());
  }

  async agents(): Promise<number> {
    return Number(await this.#slider().getAttribute('aria-valuenow'));
  }

  /** Moves the slider by keys. */
  async addAgents(count: number): Promise<void> {
    await this.#slider().focus();
    for (let i = 0; i < count; i++) await this.page.keyboard.press('ArrowRight');
  }

  /** What the campaign as it is set would bring, shown beside another question's answer. */
  comparison(): Locator {
    return this.page
      .locator('.forecast__answer:not(.forecast__answer--old)')
      .getByText(this.words.forecast.asSetValue.split('{{')[0] ?? '')
      .first();
  }

  async takeBack(): Promise<void> {
    await this.button(this.words.forecast.asSet).click();
  }

  #slider(): Locator {
    return this.page.getByRole('slider', { name: this.words.forecast.agents });
  }
}

/** One attempt's story. */
export class StoryPage extends Screen {
  /** The recording's player, ready to play. */
  playButton(): Locator {
    return this.button(this.words.player.play);
  }
  timeline(): Locator {
    return this.page.locator('.timeline__row');
  }
  verdictRules(): Locator {
    return this.page.locator('.verdict__rule');
  }
}

/** The agent's desk. */
export class AgentDesk extends Screen {
  async open(address: string): Promise<void> {
    await this.page.goto(new URL('/desk', address).href);
  }

  /** Goes on line and waits until the station stands. */
  async enter(): Promise<void> {
    await this.page.getByTestId('enter').click();
    await this.page.locator('[data-testid=phone][data-state=up]').waitFor();
  }

  async ready(): Promise<void> {
    await this.page.getByTestId('ready').click();
    await this.inPhase('ready').waitFor();
  }

  /** The call panel while the agent is in this phase. */
  inPhase(phase: keyof Words['agentPhase']): Locator {
    return this.page.locator(`[data-testid=call][data-phase=${phase}]`);
  }

  /** The lead's data that popped up with the call. */
  lead(): Locator {
    return this.page.getByTestId('lead');
  }

  async hangUp(): Promise<void> {
    await this.page.getByTestId('hang-up').click();
    await this.inPhase('wrapUp').waitFor();
  }

  /** Chooses the nth disposition (from 1) by its key, writes a note, and is done. */
  async dispose(nth: number, note = ''): Promise<void> {
    await this.page.keyboard.press(String(nth));
    if (note !== '') await this.page.getByLabel(this.words.desk.note).fill(note);
    await this.page.getByTestId('dispose').click();
  }

  /** Opens the list of keys. */
  async showShortcuts(): Promise<Locator> {
    await this.page.keyboard.press('?');
    const dialog = this.page.getByRole('dialog', { name: this.words.shortcut.title });
    await dialog.waitFor();
    return dialog;
  }
}
