import type { QueryClient } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import type { ApiClient } from './api/client.ts';
import type { LiveConnection } from './api/live.ts';
import type { Clock } from './lib/clock.ts';
import type { ThemeStore } from './theme/theme-store.ts';
import type { ShortcutRegistry } from './ui/shortcuts.ts';

/** What lives as long as the tab and is shared by all pages. Made once in main.tsx. */
export type Services = {
  readonly api: ApiClient;
  readonly live: LiveConnection;
  readonly queries: QueryClient;
  readonly shortcuts: ShortcutRegistry;
  readonly theme: ThemeStore;
  readonly clock: Clock;
  /** Run once when the session ends, whoever ended it: the phone of a person who left must not ring. */
  readonly onSessionEnd: Set<() => void>;
};

const Context = createContext<Services | undefined>(undefined);

export const ServicesProvider = Context.Provider;

export const useServices = (): Services => {
  const services = useContext(Context);
  if (services === undefined) throw new Error('The services are provided in main.tsx.');
  return services;
};
