using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

[assembly: AssemblyFixture(typeof(OneThread))]

namespace LatentDiffusion.Tests.Support;

/// <summary>
/// Lets libtorch compute every test on one thread: tests run beside each other, and threads that wait for their share of a
/// busy processor take more time than they save. Tests about threads say how many they want.
/// </summary>
public sealed class OneThread
{
    public OneThread() => torch.set_num_threads(1);
}
