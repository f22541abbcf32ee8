import { useEffect, useMemo, useState } from 'react';
import { Store, type Readable } from '../lib/store.ts';
import { useStore } from '../lib/use-store.ts';
import { useServices } from '../services.ts';
import type { TopicReader, TopicView } from './live.ts';

/**
 * A live topic, shared with every other component that reads it. Undefined reader: none wanted.
 * The reader is taken by its topic's name: a new object for the same topic changes nothing.
 */
export const useTopic = <T>(reader: TopicReader<T> | undefined): TopicView<T> => {
  const { live } = useServices();
  const idle = useMemo<Readable<TopicView<T>>>(() => new Store<TopicView<T>>({ kind: 'connecting' }), []);
  const [view, setView] = useState<Readable<TopicView<T>>>(idle);
  const topic = reader?.topic;
  const [box] = useState<{ current: TopicReader<T> | undefined }>({ current: reader });
  useEffect(() => {
    box.current = reader;
  });
  useEffect(() => {
    if (topic === undefined || box.current === undefined) {
      setView(idle);
      return;
    }
    const first = box.current;
    const lease = live.lease<T>({
      ...first,
      onChange: (data) => box.current?.onChange?.(data),
    });
    setView(lease.view);
    return lease.release;
  }, [live, topic, box, idle]);
  return useStore(view);
};

/** The data of a view, whether present or last known. */
export const dataOf = <T>(view: TopicView<T>): T | undefined =>
  view.kind === 'live' || view.kind === 'stale' ? view.data : undefined;
