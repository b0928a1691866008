import { defineConfig } from 'vite';

export default defineConfig({
  server: {
    // The browser sees one origin, PUBLIC_BASE_URL: its port must not move.
    port: 5173,
    strictPort: true,
    proxy: { '/api': 'http://localhost:7071' },
  },
});
