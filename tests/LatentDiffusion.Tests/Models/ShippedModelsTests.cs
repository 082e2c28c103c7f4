using LatentDiffusion.Models;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Models;

public sealed class ShippedModelsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_nearest_folder_of_that_name_is_found_from_a_program_deep_below_it()
    {
        var far = Directory.CreateDirectory(_folder["models/eyes"]).FullName;
        var near = Directory.CreateDirectory(_folder["a/models/eyes"]).FullName;
        var program = Directory.CreateDirectory(_folder["a/bin/release"]).FullName;
        File.WriteAllText(_folder["a/models/file"], "");

        Assert.Equal(near, ShippedModels.Find("eyes", ShippedModels.AndAbove(program)));
        Assert.Equal(far, ShippedModels.Find("eyes", ShippedModels.AndAbove(_folder.Root)));
        Assert.Null(ShippedModels.Find("file", ShippedModels.AndAbove(program)));
        Assert.Null(ShippedModels.Find("no-such-model-anywhere"));
    }
}
