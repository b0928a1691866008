import { defineConfig } from 'vite';

export default defineConfig({
  server: {
    // The browser uses one origin, PUBLIC_BASE_URL, so its port must not change.
    port: 5173,
    strictPort: true,
    proxy: { '/api': 'http://localhost:7071' },
  },
});
