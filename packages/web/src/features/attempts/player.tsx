import { BackwardOutlined, CaretRightFilled, ForwardOutlined, PauseOutlined } from '@ant-design/icons';
import { Button, Segmented } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import WaveSurfer from 'wavesurfer.js';
import { clockText } from '../../lib/format.ts';
import { useStore } from '../../lib/use-store.ts';
import { useServices } from '../../services.ts';
import { paletteOf } from '../../theme/theme.ts';
import { useShortcuts } from '../../ui/use-shortcuts.ts';

const SPEEDS = [0.75, 1, 1.25, 1.5, 2] as const;
const STEP_SEC = 5;
/** Recordings are telephone audio; decoding at their own rate keeps half an hour under 120 MB of memory. */
const SAMPLE_RATE = 8000;

type State = { readonly kind: 'loading' | 'failed' } | { readonly kind: 'ready'; readonly durationSec: number };

/** A stereo recording: callee above, agent below; played by the keyboard, too. */
export const Player = ({ src }: { readonly src: string }) => {
  const { t } = useTranslation();
  const { theme } = useServices();
  const themeName = useStore(theme.name);
  const box = useRef<HTMLDivElement>(null);
  const surfer = useRef<WaveSurfer>(null);
  const [state, setState] = useState<State>({ kind: 'loading' });
  const [isPlaying, setPlaying] = useState(false);
  const [position, setPosition] = useState(0);
  const [speed, setSpeed] = useState<number>(1);

  useEffect(() => {
    if (box.current === null) return;
    const palette = paletteOf(themeName);
    const wave = WaveSurfer.create({
      container: box.current,
      url: src,
      sampleRate: SAMPLE_RATE,
      height: 56,
      barWidth: 2,
      barGap: 1,
      barRadius: 1,
      cursorColor: palette.text,
      normalize: true,
      dragToSeek: true,
      splitChannels: [
        { waveColor: palette.lineStrong, progressColor: palette.ringing },
        { waveColor: palette.lineStrong, progressColor: palette.talking },
      ],
    });
    surfer.current = wave;
    wave.on('ready', (durationSec) => setState({ kind: 'ready', durationSec }));
    wave.on('error', () => setState({ kind: 'failed' }));
    wave.on('play', () => setPlaying(true));
    wave.on('pause', () => setPlaying(false));
    wave.on('timeupdate', setPosition);
    return () => {
      surfer.current = null;
      wave.destroy();
    };
  }, [src, themeName]);

  const toggle = (): void => void surfer.current?.playPause();
  const skip = (seconds: number): void => surfer.current?.skip(seconds);
  const isReady = state.kind === 'ready';
  useShortcuts([
    {
      keys: 'space',
      label: isPlaying ? t('player.pause') : t('player.play'),
      group: t('attempt.recordings'),
      run: isReady ? toggle : undefined,
    },
    {
      keys: 'arrowleft',
      label: t('player.back'),
      group: t('attempt.recordings'),
      run: isReady ? () => skip(-STEP_SEC) : undefined,
    },
    {
      keys: 'arrowright',
      label: t('player.forward'),
      group: t('attempt.recordings'),
      run: isReady ? () => skip(STEP_SEC) : undefined,
    },
  ]);
  if (state.kind === 'failed') return <p className="q-soft">{t('player.failed')}</p>;
  return (
    <div className="player">
      <div className="player__wave">
        <span className="player__side" aria-hidden>
          <span style={{ color: 'var(--q-ringing)' }}>{t('player.callee')}</span>
          <span style={{ color: 'var(--q-talking)' }}>{t('player.agent')}</span>
        </span>
        <div ref={box} className="q-grow" />
      </div>
      {state.kind === 'loading' && <p className="q-faint q-small">{t('player.loading')}</p>}
      <div className="q-row">
        <Button
          type="primary"
          shape="circle"
          icon={isPlaying ? <PauseOutlined /> : <CaretRightFilled />}
          aria-label={isPlaying ? t('player.pause') : t('player.play')}
          disabled={!isReady}
          onClick={toggle}
        />
        <Button
          type="text"
          icon={<BackwardOutlined />}
          aria-label={t('player.back')}
          disabled={!isReady}
          onClick={() => skip(-STEP_SEC)}
        />
        <Button
          type="text"
          icon={<ForwardOutlined />}
          aria-label={t('player.forward')}
          disabled={!isReady}
          onClick={() => skip(STEP_SEC)}
        />
        <span className="q-num" aria-label={t('player.position')}>
          {clockText(position * 1000)}
          {isReady && <span className="q-faint"> / {clockText(state.durationSec * 1000)}</span>}
        </span>
        <span className="q-grow" />
        <Segmented<number>
          size="small"
          aria-label={t('player.speed')}
          value={speed}
          onChange={(next) => {
            setSpeed(next);
            surfer.current?.setPlaybackRate(next, true);
          }}
          options={SPEEDS.map((value) => ({ value, label: `${value}×` }))}
        />
      </div>
    </div>
  );
};
