import { useSyncExternalStore } from 'react';
import type { Readable } from './store.ts';

/** The one way a component watches a view model. */
export const useStore = <T>(store: Readable<T>): T => useSyncExternalStore(store.subscribe, store.get, store.get);
