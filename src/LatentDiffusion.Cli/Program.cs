using LatentDiffusion.Tensors.Runtime;
using TorchSharp;

TorchRuntime.Register();
Console.WriteLine(torch.randn(4)); Console.WriteLine(TorchRuntime.PatchedLibraryPath);
