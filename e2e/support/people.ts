import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { CSRF_HEADER } from '../../packages/contracts/src/index.ts';
import { LoginScreen } from '../../packages/web/src/testing/index.ts';
import type { House } from './house.ts';
import { beeps } from './tones.ts';

export type Language = 'zh' | 'en';
export type Login = { readonly login: string; readonly password: string };

/** What the microphones of all browsers pick up. */
export const MICROPHONE_HZ = 1000;

/** Telemetry, updates and other talk of the browser with the outside world, switched off. */
const QUIET = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--disable-sync',
  '--disable-default-apps',
  '--no-first-run',
  '--no-pings',
  '--metrics-recording-only',
  '--disable-features=MediaRouter,OptimizationHints,Translate,InterestFeedContentSuggestions',
];

/** Starts a browser whose microphone beeps. `command`: another way to run it; `certificateKey`: of the server, see `keyHash`. */
export const openBrowser = async (
  house: House,
  { command, certificateKey }: { readonly command?: string; readonly certificateKey?: string } = {},
): Promise<Browser> => {
  const microphone = join(house.folder, 'microphone.wav');
  await writeFile(microphone, beeps(MICROPHONE_HZ));
  return chromium.launch({
    executablePath: command ?? house.chromium.command,
    args: [
      ...house.chromium.args,
      ...QUIET,
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-audio-capture=${microphone}`,
      ...(certificateKey === undefined ? [] : [`--ignore-certificate-errors-spki-list=${certificateKey}`]),
    ],
    env: { ...definedOf(process.env), ...house.chromium.env },
  });
};

/** A person at a screen of their own. */
export type Person = {
  readonly page: Page;
  /** What the page did wrong so far: errors on the console, exceptions, refused or failed requests. */
  readonly faults: readonly string[];
  /** Sound of the far side as this browser receives it: samples and their rate. */
  hear(): Promise<{ readonly samples: readonly number[]; readonly rate: number }>;
  /** Closes the tab, as a click on its cross does, whatever the page says. */
  vanish(): Promise<void>;
};

/** Somebody logs in at a fresh browser profile. `nextPassword`: takes the place of a first one, which must be changed. */
export const arrive = async (
  browser: Browser,
  house: House,
  who: Login,
  { language = 'zh', nextPassword }: { readonly language?: Language; readonly nextPassword?: string } = {},
): Promise<Person> => {
  const context = await browser.newContext({
    viewport: { width: 1366, height: 768 },
    locale: language === 'zh' ? 'zh-CN' : 'en-GB',
    timezoneId: 'Asia/Shanghai',
  });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const faults: string[] = [];
  // Asking who is logged in before anybody is: the one refusal that belongs to a login page.
  const isFirstQuestion = (url: string, status: number): boolean =>
    status === 401 && new URL(url).pathname === '/api/v1/session';
  page.on('console', (message) => {
    if (message.type() !== 'error') return;
    if (/status of 401/.test(message.text()) && isFirstQuestion(message.location().url, 401)) return;
    faults.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => faults.push(`exception: ${error.message}`));
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText ?? '';
    // A page that is left breaks off what it no longer needs.
    if (why !== 'net::ERR_ABORTED') faults.push(`request: ${request.method()} ${request.url()} ${why}`);
  });
  page.on('response', (response) => {
    if (response.status() < 400 || isFirstQuestion(response.url(), response.status())) return;
    faults.push(`answer: ${response.status()} ${response.request().method()} ${response.url()}`);
  });
  await page.addInitScript(rememberFarSide);
  await new LoginScreen(page, language).logIn(house.url, who.login, who.password, nextPassword);
  return {
    page,
    faults,
    hear: () => page.evaluate(listen),
    vanish: () => context.close(),
  };
};

type Listening = { farSide?: MediaStream };

/** Runs in the page before its own scripts: keeps the sound that peer connections receive. */
const rememberFarSide = (): void => {
  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      this.addEventListener('track', (event) => {
        (window as unknown as Listening).farSide = event.streams[0] ?? new MediaStream([event.track]);
      });
    }
  };
};

/** Runs in the page: the last two thirds of a second of the far side, once they are full. */
const listen = async (): Promise<{ samples: number[]; rate: number }> => {
  const { farSide } = window as unknown as Listening;
  if (farSide === undefined) throw new Error('No sound was received yet.');
  const context = new AudioContext({ sampleRate: 48_000 });
  await context.resume();
  const analyser = context.createAnalyser();
  analyser.fftSize = 32_768;
  context.createMediaStreamSource(farSide).connect(analyser);
  const begin = context.currentTime;
  // The analyser starts empty; it is full when it has seen as many samples as it holds.
  while (context.currentTime - begin < (1.2 * analyser.fftSize) / context.sampleRate)
    await new Promise((resolve) => requestAnimationFrame(resolve));
  const samples = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(samples);
  const { sampleRate } = context;
  await context.close();
  return { samples: [...samples], rate: sampleRate };
};

/** REST as a person who logged in. */
export type Rest = {
  get<T>(path: string): Promise<T>;
  download(path: string): Promise<Buffer>;
  post<T>(path: string, body?: unknown): Promise<T>;
};

/** Logs in over REST. */
export const restOf = async (house: House, who: Login): Promise<Rest> => {
  let cookie = '';
  const ask = async (method: string, path: string, body?: unknown): Promise<Response> => {
    const response = await fetch(`${house.url}/api/v1${path}`, {
      method,
      headers: {
        cookie,
        [CSRF_HEADER]: '1',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  };
  const answer = await ask('POST', '/session', who);
  cookie = answer.headers
    .getSetCookie()
    .map((one) => one.split(';')[0] ?? '')
    .join('; ');
  return {
    get: async <T>(path: string) => (await (await ask('GET', path)).json()) as T,
    download: async (path) => Buffer.from(await (await ask('GET', path)).arrayBuffer()),
    post: async <T>(path: string, body?: unknown) => (await (await ask('POST', path, body)).json()) as T,
  };
};

/** Makes a person with a password that need not be changed. */
export const hire = async (
  administrator: Rest,
  who: {
    readonly login: string;
    readonly displayName: string;
    readonly role: 'agent' | 'supervisor' | 'administrator';
  },
): Promise<Login> => {
  const password = `long-enough-${who.login}`;
  await administrator.post('/users', { ...who, password });
  return { login: who.login, password };
};

const definedOf = (variables: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined));
