import { demoRoutes } from '@qianhu/contracts';
import { useQuery } from '@tanstack/react-query';
import { Button, Popconfirm } from 'antd';
import { useTranslation } from 'react-i18next';
import { useServices } from '../services.ts';
import { useUser } from '../session/session.ts';
import { DemoBadge } from '../ui/demo-badge.tsx';
import { useCommand } from '../ui/use-command.ts';

/** Says that a demonstration is loaded, and removes it in one click and one question. */
export const DemoBar = () => {
  const { t } = useTranslation();
  const { api, queries } = useServices();
  const user = useUser();
  const status = useQuery({
    queryKey: ['demo'],
    queryFn: ({ signal }) => api.call(demoRoutes.getDemo, { signal }),
    staleTime: Infinity,
  });
  const remove = useCommand(() => api.call(demoRoutes.removeDemo, {}), {
    done: t('demo.removed'),
    onDone: (next) => {
      queries.setQueryData(['demo'], next);
      void queries.invalidateQueries();
    },
  });
  if (status.data?.isLoaded !== true) return null;
  return (
    <div className="demo-bar" role="note">
      <DemoBadge />
      <span className="q-grow">{t('demo.banner')}</span>
      {user.role === 'administrator' && (
        <Popconfirm
          title={t('demo.confirmTitle')}
          description={<div style={{ maxWidth: 340 }}>{t('demo.confirmBody')}</div>}
          okText={t('demo.remove')}
          okButtonProps={{ danger: true }}
          cancelText={t('action.cancel')}
          placement="bottomRight"
          onConfirm={() => remove.mutate()}
        >
          <Button size="small" loading={remove.isPending}>
            {t('demo.remove')}
          </Button>
        </Popconfirm>
      )}
    </div>
  );
};
