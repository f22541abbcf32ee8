import { theme as antdTheme, type ThemeConfig } from 'antd';
import { darkPalette, lightPalette, type Palette } from './palette.ts';

export type ThemeName = 'light' | 'dark';

export const paletteOf = (name: ThemeName): Palette => (name === 'dark' ? darkPalette : lightPalette);

/** The palette as antd's tokens. */
export const antdThemeOf = (name: ThemeName): ThemeConfig => {
  const palette = paletteOf(name);
  return {
    algorithm: name === 'dark' ? antdTheme.darkAlgorithm : antdTheme.defaultAlgorithm,
    cssVar: { key: `q-${name}` },
    token: {
      colorPrimary: palette.primary,
      colorInfo: palette.talking,
      colorSuccess: palette.ready,
      colorWarning: palette.ringing,
      colorError: palette.danger,
      colorLink: palette.primary,
      colorText: palette.text,
      colorTextSecondary: palette.textSoft,
      colorTextTertiary: palette.textFaint,
      colorTextDescription: palette.textFaint,
      colorTextPlaceholder: palette.textFaint,
      colorBgLayout: palette.ground,
      colorBgContainer: palette.surface,
      colorBgElevated: palette.raised,
      colorBorder: palette.lineStrong,
      colorBorderSecondary: palette.line,
      colorTextLightSolid: palette.onPrimary,
      // The document's, which depends on the language (global.css).
      fontFamily: 'inherit',
      fontSize: 14,
      borderRadius: 7,
      borderRadiusLG: 10,
      borderRadiusSM: 5,
      controlHeight: 34,
      wireframe: false,
      motionDurationMid: '0.12s',
      motionDurationSlow: '0.18s',
    },
    components: {
      Button: { primaryShadow: 'none', defaultShadow: 'none', dangerShadow: 'none', fontWeight: 500 },
      Table: {
        headerBg: 'transparent',
        headerColor: palette.textFaint,
        headerSplitColor: 'transparent',
        cellPaddingBlock: 9,
        cellPaddingInline: 12,
        rowHoverBg: palette.primarySoft,
      },
      Form: { itemMarginBottom: 18, labelColor: palette.textSoft },
      Tooltip: { colorBgSpotlight: name === 'dark' ? '#39444a' : '#2b3437', colorTextLightSolid: '#ffffff' },
      Segmented: { trackBg: palette.sunken, itemSelectedBg: palette.raised },
      Modal: { titleFontSize: 17 },
      // The dark algorithm derives tracks that can hardly be told from the ground.
      Slider: {
        railBg: palette.lineStrong,
        railHoverBg: palette.lineStrong,
        trackBg: palette.primary,
        trackHoverBg: palette.primary,
        handleColor: palette.primary,
        handleActiveColor: palette.primary,
      },
    },
  };
};
