import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// In development the API comes from QIANHU_API (a running server: `npm start`), so that the browser sees one origin.
const api = process.env['QIANHU_API'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [react()],
  build: {
    outDir: 'dist',
    target: 'es2023',
    sourcemap: false,
    // No inline module-preload script: the server's CSP allows scripts from its own origin only.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
  },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/api': { target: api, ws: true, changeOrigin: false },
      '/sip': { target: api, ws: true, changeOrigin: false },
    },
  },
  preview: { host: '127.0.0.1', proxy: { '/api': { target: api, ws: true }, '/sip': { target: api, ws: true } } },
});
