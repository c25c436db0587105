import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { CfnPlaceIndex } from 'aws-cdk-lib/aws-location'
import { Construct } from 'constructs'

/** Turns addresses into coordinates. */
export class PlaceIndex extends Construct {
  readonly name: string
  private readonly arn: string

  constructor(scope: Construct, id: string, { stage }: { readonly stage: string }) {
    super(scope, id)
    const index = new CfnPlaceIndex(this, 'Index', {
      indexName: `beckon-${stage}`,
      description: 'Beckon: the addresses of stores',
      dataSource: 'Here',
      // The default, SingleUse, forbids keeping the coordinates that it finds: a store keeps them.
      dataSourceConfiguration: { intendedUse: 'Storage' },
    })
    this.name = index.ref
    this.arn = index.attrArn
  }

  /** Lets a function look up addresses. */
  searchedBy({ grantPrincipal }: IGrantable) {
    grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['geo:SearchPlaceIndexForText'], resources: [this.arn] }),
    )
  }
}
