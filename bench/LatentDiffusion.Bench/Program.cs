using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using LatentDiffusion.Tensors.Runtime;

// With --once every benchmark runs a single time: does it still work?
const string Once = "--once";
TorchRuntime.Load();
var job = args.Contains(Once) ? Job.Dry : Job.ShortRun;

// In process: a generated project per benchmark would copy libtorch each time.
var config = DefaultConfig.Instance.AddJob(job.WithToolchain(InProcessEmitToolchain.Instance));
var summaries = BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run([.. args.Where(a => a != Once)], config);
return summaries.Any() && summaries.All(s => s.Reports.Length > 0 && s.Reports.All(r => r.Success)) ? 0 : 1;
