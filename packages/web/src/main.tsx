import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { I18nextProvider } from 'react-i18next';
import { createClient } from './api/client.ts';
import { LiveConnection } from './api/live.ts';
import { ApiError } from './api/problem.ts';
import { App } from './app.tsx';
import { startI18n } from './i18n/i18n.ts';
import { browserClock } from './lib/clock.ts';
import { serverTime } from './lib/server-time.ts';
import { ServicesProvider, type Services } from './services.ts';
import { SESSION_KEY } from './session/session.ts';
import './theme/global.css';
import { createThemeStore } from './theme/theme-store.ts';
import { ShortcutRegistry } from './ui/shortcuts.ts';

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: false,
      // A refusal stays a refusal; a lost answer is worth two more tries.
      retry: (failures, error) =>
        failures < 2 && error instanceof ApiError && (error.kind === 'offline' || error.status === 503),
    },
  },
});

const liveUrl = (): string => {
  const url = new URL('/api/v1/live', window.location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
};

const services: Services = {
  api: createClient({
    base: '/api/v1',
    fetch: (input, init) => fetch(input, init),
    onDate: (date) => serverTime.learn(date),
    onUnauthenticated: () => {
      if (queries.getQueryData(SESSION_KEY)) queries.setQueryData(SESSION_KEY, null);
    },
  }),
  live: new LiveConnection({
    connect: () => new WebSocket(liveUrl()),
    clock: browserClock,
    random: () => Math.random(),
  }),
  queries,
  shortcuts: new ShortcutRegistry(() => Date.now()),
  theme: createThemeStore(localStorage, matchMedia('(prefers-color-scheme: dark)'), document.documentElement),
  clock: browserClock,
  onSessionEnd: new Set(),
};

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root.');
const i18n = await startI18n();
createRoot(root).render(
  <StrictMode>
    <I18nextProvider i18n={i18n}>
      <QueryClientProvider client={queries}>
        <ServicesProvider value={services}>
          <App />
        </ServicesProvider>
      </QueryClientProvider>
    </I18nextProvider>
  </StrictMode>,
);
