import { useEffect, useState } from 'react';

/** A value that follows its source once that has been quiet for a while. */
export const useDebounced = <T>(value: T, ms: number): T => {
  const [quiet, setQuiet] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setQuiet(value), ms);
    return () => {
      clearTimeout(timer);
    };
  }, [value, ms]);
  return quiet;
};
