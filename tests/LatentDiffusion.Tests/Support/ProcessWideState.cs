using Xunit;

namespace LatentDiffusion.Tests.Support;

/// <summary>
/// The collection of tests that set or read what TorchSharp keeps once per process: the count of live
/// tensors, the global random numbers. They run alone.
/// </summary>
[CollectionDefinition(nameof(ProcessWideState), DisableParallelization = true)]
public sealed class ProcessWideState;
