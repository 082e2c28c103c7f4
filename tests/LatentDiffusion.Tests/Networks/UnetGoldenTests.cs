using LatentDiffusion.Kernels;
using LatentDiffusion.Networks.Unets;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Networks;

public sealed class UnetGoldenTests
{
    public static TheoryData<string> Cases => [.. GoldenCase.Names("unet")];

    // libtorch's own sums are rounded to 2.3e-5 without AVX-512, to less than 2e-5 with it.
    private const double Single = 5e-5;

    // The reference ran in float32, whose rounding is worth up to 1.5e-5 of the largest element in these cases. In float64
    // that is all that remains; an epsilon of a norm wrong by a tenth would already show as 6e-5.
    [Theory]
    [MemberData(nameof(Cases))]
    public void Output_and_size_equal_the_reference(string name)
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        var golden = GoldenCase.Load("unet", name);
        using var unet = FormulaWeights.Fill(new Unet(golden.Config<UnetConfig>()));

        Assert.Equal(golden.Integer("n_params"), unet.parameters().Sum(p => p.numel()));
        Assert.Equal(golden.Integer("n_keys"), unet.state_dict().Count);
        var fast = Run(unet, torch.float32);
        using var plain = KernelChoice.Use(KernelKind.Plain);
        var single = Run(unet, torch.float32);
        unet.to(torch.float64);
        var exact = Run(unet, torch.float64);
        TensorAssert.Close(exact, golden.Tensor("out"), 2e-5);
        TensorAssert.Close(single, exact, Single);
        TensorAssert.Close(fast, exact, Single);
    }

    private static torch.Tensor Run(Unet unet, torch.ScalarType type)
    {
        var x = FormulaInput.X([2, 3, 8, 8]).to(type);
        var timesteps = torch.tensor(new[] { 17L, 503L });
        var context = FormulaInput.X([2, 5, 24], 0.29, Math.Cos).to(type);
        var labels = torch.tensor(new[] { 3L, 7L });
        return unet.Forward(
            x,
            timesteps,
            unet.Config.UseSpatialTransformer ? context : null,
            unet.Config.NumClasses is null ? null : labels
        );
    }
}
