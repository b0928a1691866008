export default {
  rewrites: async () => [{ source: '/api/:path*', destination: 'http://localhost:7071/api/:path*' }],
};
