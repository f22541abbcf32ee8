import { useMutation } from '@tanstack/react-query';
import { App } from 'antd';
import { useTranslation } from 'react-i18next';
import { toApiError } from '../api/problem.ts';
import { useServices } from '../services.ts';

/**
 * Something that a button does: while it runs it cannot be pressed again, a failure is told in words, and what it changed is
 * read anew.
 */
export const useCommand = <Input = void, Output = void>(
  run: (input: Input) => Promise<Output>,
  options: {
    readonly done?: string;
    /** First parts of the query keys that the command makes old. */
    readonly refresh?: readonly string[];
    readonly onDone?: (output: Output, input: Input) => void;
    /** The form shows the failure itself. */
    readonly isQuiet?: boolean;
  } = {},
) => {
  const { message } = App.useApp();
  const { queries } = useServices();
  const { t } = useTranslation();
  return useMutation<Output, Error, Input>({
    mutationFn: run,
    onSuccess: async (output, input) => {
      if (options.done !== undefined) void message.success(options.done);
      options.onDone?.(output, input);
      await Promise.all((options.refresh ?? []).map((key) => queries.invalidateQueries({ queryKey: [key] })));
    },
    onError: (error) => {
      if (options.isQuiet === true) return;
      const problem = toApiError(error);
      const title = t(`error.title.${problem.kind}`);
      void message.error({
        content: problem.message === '' ? `${title}。${t(`error.hint.${problem.kind}`)}` : problem.message,
        duration: 6,
      });
    },
  });
};
