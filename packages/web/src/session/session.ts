import { useMutation, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { sessionRoutes, type Me, type User } from '@qianhu/contracts';
import { createContext, useContext } from 'react';
import { ApiError } from '../api/problem.ts';
import { useServices } from '../services.ts';

export const SESSION_KEY = ['session'] as const;

/**
 * Forgets what the person before has read. The session's own query stays: pages watch it, and a cleared one would never tell
 * them of its new value.
 */
const forgetOthers = (queries: QueryClient): void =>
  queries.removeQueries({ predicate: (query) => query.queryKey[0] !== SESSION_KEY[0] });

const UserContext = createContext<User | undefined>(undefined);
export const UserProvider = UserContext.Provider;

/** The person who is logged in; only below the shell. */
export const useUser = (): User => {
  const user = useContext(UserContext);
  if (user === undefined) throw new Error('Only pages behind the login know a user.');
  return user;
};

/** Who is logged in: null for nobody. */
export const useSession = () => {
  const { api } = useServices();
  return useQuery({
    queryKey: SESSION_KEY,
    queryFn: async ({ signal }): Promise<Me | null> => {
      try {
        return await api.call(sessionRoutes.getMe, { signal });
      } catch (error) {
        if (error instanceof ApiError && error.kind === 'unauthenticated') return null;
        throw error;
      }
    },
    staleTime: Infinity,
  });
};

/** Logs in and makes the session known to all pages. */
export const useLogIn = () => {
  const { api } = useServices();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (credentials: { login: string; password: string }) =>
      api.call(sessionRoutes.login, { body: credentials }),
    onSuccess: (me) => {
      forgetOthers(queries);
      queries.setQueryData<Me | null>(SESSION_KEY, me);
    },
  });
};

/** Logs out; the page goes back to the login even if the server could not be told. */
export const useLogOut = (): (() => void) => {
  const { api, live } = useServices();
  const queries = useQueryClient();
  return () => {
    const leave = (): void => {
      live.close();
      forgetOthers(queries);
      queries.setQueryData(SESSION_KEY, null);
    };
    api.call(sessionRoutes.logout, {}).then(leave, leave);
  };
};
