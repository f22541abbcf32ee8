import { CaretRightOutlined, HourglassOutlined, PauseOutlined, StopOutlined } from '@ant-design/icons';
import { campaignRoutes, type Campaign } from '@qianhu/contracts';
import { Button, Popconfirm, Tooltip } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useServices } from '../../services.ts';
import { useCommand } from '../../ui/use-command.ts';
import { commandsOf, commandText, type CommandName } from './campaign-commands.ts';

const icons: Record<CommandName, ReactNode> = {
  start: <CaretRightOutlined />,
  pause: <PauseOutlined />,
  drain: <HourglassOutlined />,
  stop: <StopOutlined />,
};

/** Start, pause, drain and stop, as far as the phase allows them. Compact: the likeliest alone, as a small icon. */
export const CampaignCommands = ({
  campaignId,
  phase,
  isCompact = false,
  canStart = true,
}: {
  readonly campaignId: Campaign['campaignId'];
  readonly phase: Campaign['phase'];
  readonly isCompact?: boolean;
  readonly canStart?: boolean;
}) => {
  const { t } = useTranslation();
  const { api } = useServices();
  const command = useCommand(
    (name: CommandName) => api.call(campaignRoutes.commandCampaign, { params: { campaignId, command: name } }),
    { refresh: ['campaigns'] },
  );
  const names = isCompact ? commandsOf[phase].slice(0, 1) : commandsOf[phase];
  return (
    <span className="q-row" style={{ gap: 8, justifyContent: 'flex-end', flexWrap: 'nowrap' }}>
      {names.map((name) => {
        const text = t(`campaign.command.${commandText(name, phase)}`);
        const button = (
          <Button
            {...(isCompact ? { size: 'small', type: 'text' } : {})}
            {...(name === 'start' && !isCompact ? { type: 'primary' } : {})}
            danger={name === 'stop'}
            icon={icons[name]}
            disabled={(name === 'start' && !canStart) || (command.isPending && command.variables !== name)}
            loading={command.isPending && command.variables === name}
            {...(name === 'stop' ? {} : { onClick: () => command.mutate(name) })}
          >
            {text}
          </Button>
        );
        return name === 'stop' ? (
          <Popconfirm
            key={name}
            title={t('campaign.stopConfirm')}
            okText={text}
            okButtonProps={{ danger: true }}
            cancelText={t('action.cancel')}
            onConfirm={() => command.mutate('stop')}
          >
            {button}
          </Popconfirm>
        ) : (
          <Tooltip key={name} title={t(`campaign.commandHint.${name}`)}>
            {button}
          </Tooltip>
        );
      })}
    </span>
  );
};
